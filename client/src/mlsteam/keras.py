"""Where the published client had its Keras callback; imports Keras, so it is imported only when asked for."""

from mlsteam.integrations.keras import MLSteamCallback

__all__ = ["MLSteamCallback"]
