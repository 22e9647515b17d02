// A command: a list of arguments that no shell reads, or one line for a shell.
import { Code, Group, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { joinCommand, splitCommand } from "@/lib/command";

export interface Command {
  command: string[];
  uses_shell: boolean;
}

interface Props {
  value: Command;
  onChange: (value: Command) => void;
}

/** The command as one line, as it is shown and typed. */
export const commandText = ({ command, uses_shell }: Command) =>
  uses_shell ? (command[0] ?? "") : joinCommand(command);

export function CommandFields({ value, onChange }: Props) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(() => commandText(value));
  const words = value.uses_shell ? null : splitCommand(typed);
  const isOpen = !value.uses_shell && words === null;
  const take = (line: string, uses_shell: boolean) => {
    setTyped(line);
    // A command whose quote is still open is none: the server would refuse it, and so does the form.
    onChange({ uses_shell, command: uses_shell ? [line] : (splitCommand(line) ?? []) });
  };
  return (
    <Stack gap={6}>
      <SegmentedControl
        aria-label={t("definition.commandKind")}
        value={value.uses_shell ? "shell" : "list"}
        data={[
          { value: "list", label: t("definition.command.list") },
          { value: "shell", label: t("definition.command.shell") },
        ]}
        onChange={(kind) => take(typed, kind === "shell")}
        style={{ alignSelf: "flex-start" }}
      />
      <Textarea
        label={t("definition.command")}
        description={value.uses_shell ? t("definition.shellHint") : t("definition.listHint")}
        placeholder={value.uses_shell ? "pip install -e . && python train.py" : "python train.py --epochs 10"}
        required
        autosize
        minRows={1}
        maxRows={12}
        classNames={{ input: "mono" }}
        value={typed}
        error={isOpen ? t("definition.quoteOpen") : undefined}
        onChange={({ currentTarget: { value: line } }) => take(line, value.uses_shell)}
      />
      {words && words.length > 1 && (
        <Group gap={4} aria-label={t("definition.arguments")} role="group">
          <Text size="xs" className="dim">
            {t("definition.arguments")}
          </Text>
          {words.map((word, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: words of a line may be alike, and have no other name.
            <Code key={index}>{word === "" ? "''" : word}</Code>
          ))}
        </Group>
      )}
    </Stack>
  );
}
