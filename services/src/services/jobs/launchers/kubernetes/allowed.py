"""What of a lab's wishes for its pod the server's settings allow. Pure.

Called by objects.py. Guarantees that what is not listed is refused, with a sentence that says what is.
"""

from services.jobs.launchers.kubernetes.settings import KubernetesSettings, VolumeSettings
from services.jobs.launchers.launcher import LaunchFailed
from services.jobs.pod import PodEnvironment
from services.jobs.spec import ArchiveCode, GitCode, JobSpec


def image(pod: PodEnvironment, settings: KubernetesSettings) -> str:
    """Return the image of the command. Raises: LaunchFailed."""
    chosen = pod.image or settings.image
    if not chosen:
        raise LaunchFailed("The lab names no image, and MLSTEAM_KUBERNETES_IMAGE names none for all.")
    if pod.image and settings.allowed_images and not pod.image.startswith(settings.allowed_images):
        raise LaunchFailed(
            f"The image {pod.image} is not allowed; allowed ones begin with {' or '.join(settings.allowed_images)}."
        )
    return chosen


def node_selector(pod: PodEnvironment, settings: KubernetesSettings) -> dict[str, str]:
    """Return the labels that the node must have. Raises: LaunchFailed."""
    if refused := sorted(pod.node_selector.keys() - set(settings.node_labels)):
        raise LaunchFailed(
            f"Nodes cannot be chosen by {', '.join(refused)}; allowed: {', '.join(settings.node_labels) or 'none'}."
        )
    return dict(pod.node_selector)


def volumes(pod: PodEnvironment, settings: KubernetesSettings) -> dict[str, VolumeSettings]:
    """Return the volumes by their names. Raises: LaunchFailed."""
    if refused := sorted(set(pod.volumes) - settings.volumes.keys()):
        raise LaunchFailed(
            f"There is no volume {', '.join(refused)} here; there is: {', '.join(sorted(settings.volumes)) or 'none'}."
        )
    return {name: settings.volumes[name] for name in pod.volumes}


def check_code(spec: JobSpec) -> None:
    """Refuse what a pod cannot have. Raises: LaunchFailed."""
    if spec.code is not None and not isinstance(spec.code, GitCode | ArchiveCode):
        raise LaunchFailed("A pod cannot see the server's folders: give the code as a git repository or an archive.")
    if spec.environment.python:
        raise LaunchFailed("Jobs run in pods: leave the interpreter's path empty, and name an image that has it.")
    if spec.environment.requirements:
        raise LaunchFailed("Jobs run in pods: put what the requirements file names into the image, and leave it empty.")
