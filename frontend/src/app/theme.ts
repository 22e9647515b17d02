// Mantine's theme: every colour passes WCAG AA, every dialog's close button has a name.
import { createTheme, type MantineColorsTuple } from "@mantine/core";
import { i18n } from "@/lib/i18n";

const steel: MantineColorsTuple = [
  "#eef5fc",
  "#dae7f4",
  "#b3cde8",
  "#89b2dc",
  "#669bd2",
  "#508dcc",
  "#4385ca",
  "#3473b3",
  "#1b5fa8",
  "#145890",
];

// As blue as the page's own greys.
const dark: MantineColorsTuple = [
  "#dde3ea",
  "#b8c2cd",
  "#9aa6b4",
  "#6b7683",
  "#434b56",
  "#363d47",
  "#20262e",
  "#171b21",
  "#12161b",
  "#0c0f13",
];

// The list itself scrolls: a frame that scrolled around it could not be reached by keyboard. Long entries are cut.
const LIST = {
  withScrollArea: false,
  styles: {
    options: { maxHeight: 240, overflowY: "auto" },
    option: { overflow: "hidden", overflowWrap: "anywhere" },
  },
} as const;

export const theme = createTheme({
  primaryColor: "steel",
  primaryShade: 8,
  autoContrast: true,
  colors: { steel, dark },
  defaultRadius: "md",
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans TC", "Noto Sans CJK TC", "PingFang TC", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "Noto Sans Mono", monospace',
  headings: { fontWeight: "600", sizes: { h1: { fontSize: "1.375rem" }, h2: { fontSize: "1rem" } } },
  respectReducedMotion: true,
  // Named, not imported: what they are made of is fetched when one is shown.
  components: {
    Badge: { defaultProps: { variant: "default", tt: "none", fw: 500 } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray" } },
    // Its placeholder for the focus is no item, which a menu must not hold.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Select: { defaultProps: LIST },
    // Where the chosen ones leave less than that, the place to type would take a line of its own.
    MultiSelect: { defaultProps: LIST, styles: { inputField: { minWidth: 8 } } },
    Autocomplete: { defaultProps: LIST },
    TagsInput: { defaultProps: LIST },
    Modal: {
      defaultProps: {
        centered: true,
        get closeButtonProps() {
          return { "aria-label": i18n.t("app.close") };
        },
      },
    },
    Notification: {
      defaultProps: {
        get closeButtonProps() {
          return { "aria-label": i18n.t("app.close") };
        },
      },
    },
    PasswordInput: {
      defaultProps: {
        visibilityToggleFocusable: true,
        get visibilityToggleButtonProps() {
          return { "aria-label": i18n.t("secret.show") };
        },
      },
    },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
  },
});
