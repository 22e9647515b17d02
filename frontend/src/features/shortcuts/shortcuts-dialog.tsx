// `?`: all keys, by where they work.
import { Kbd, Modal, Switch } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { setPreferences, usePreferences } from "@/lib/preferences";
import classes from "./shortcuts.module.css";

const KEYS = [
  {
    where: "keys.everywhere",
    keys: [
      ["Ctrl K", "keys.palette"],
      ["?", "keys.help"],
      ["/", "keys.filter"],
      ["R", "keys.reload"],
      ["Ctrl J", "keys.theme"],
      ["Esc", "keys.close"],
    ],
  },
  {
    where: "keys.table",
    keys: [
      ["↑ ↓ PgUp PgDn Home End", "keys.rows"],
      ["Enter", "keys.open"],
      ["X", "keys.select"],
      ["Shift X", "keys.range"],
      ["C", "keys.compare"],
      ["Delete", "keys.delete"],
      ["Ctrl Z", "keys.undo"],
    ],
  },
  {
    where: "keys.track",
    keys: [
      ["↑ ↓ ← → *", "keys.tree"],
      ["[", "keys.hideTree"],
      ["J K", "keys.leaf"],
      ["S T", "keys.axis"],
      ["L", "keys.log"],
      ["0", "keys.zoom"],
      ["F", "keys.full"],
      ["E W Shift T", "keys.console"],
      ["Ctrl F", "keys.search"],
    ],
  },
] as const;

export function ShortcutsDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const { hasKeys } = usePreferences();
  return (
    <Modal opened={isOpen} onClose={onClose} title={t("keys.title")} size="lg">
      <div className={classes.groups}>
        {KEYS.map(({ where, keys }) => (
          <section key={where}>
            <h3>{t(where)}</h3>
            <dl>
              {keys.map(([key, does]) => (
                <div key={does}>
                  <dt>
                    {key.split(" ").map((one) => (
                      <Kbd key={one}>{one}</Kbd>
                    ))}
                  </dt>
                  <dd>{t(does)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <Switch
        mt="lg"
        label={t("keys.single")}
        description={t("keys.singleHint")}
        checked={hasKeys}
        onChange={(event) => setPreferences({ hasKeys: event.currentTarget.checked })}
      />
    </Modal>
  );
}
