// Starts the page.
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "uplot/dist/uPlot.min.css";
import "./app/theme.css";
import "./app/trusted-types";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Providers, router } from "./app/providers";
import { fetchPage } from "./app/router";
import { startLanguage } from "./lib/i18n";

// A page that was open over an update asks for files that are gone: it is loaded anew, once.
window.addEventListener("vite:preloadError", (event) => {
  const at = Number(sessionStorage.getItem("mlsteam-reloaded") ?? 0);
  if (Date.now() - at < 60_000) return;
  event.preventDefault();
  sessionStorage.setItem("mlsteam-reloaded", String(Date.now()));
  window.location.reload();
});

const root = document.getElementById("root");
const texts = startLanguage();
// Beside the texts, not behind them.
fetchPage(router);
void texts.then(() => {
  if (root)
    createRoot(root).render(
      <StrictMode>
        <Providers />
      </StrictMode>,
    );
});
