// Files that are entries of one series: `<key>/<step>.<suffix>`, as the client logs images, tables and histograms. Pure.
import type { Entry } from "@/api/types";

export interface StepFile {
  key: string;
  label: string;
  version: string | null;
}

const STEP = /^(-?\d+(?:\.\d+)?)\.([A-Za-z][\w.]*)$/;
const TIME = /^(\d{8}T\d{6}\.\d{6}Z)\.([A-Za-z][\w.]*)$/;

function partsOf(name: string): { label: string; order: number; suffix: string } | null {
  const step = STEP.exec(name);
  if (step) return { label: String(Number(step[1])), order: Number(step[1]), suffix: step[2] ?? "" };
  const time = TIME.exec(name);
  if (!time) return null;
  const [label = "", suffix = ""] = time.slice(1);
  return { label, order: Number(label.replace(/\D/g, "")), suffix };
}

/** The files of the series that one file belongs to, by step; none when its name is no step. */
export function stepFiles(entries: readonly Entry[], key: string): StepFile[] {
  const folder = key.slice(0, key.lastIndexOf("/") + 1);
  const own = partsOf(key.slice(folder.length));
  if (!own) return [];
  return entries
    .flatMap((entry) => {
      const name = entry.key.slice(folder.length);
      const parts = entry.key.startsWith(folder) ? partsOf(name) : null;
      return parts && parts.suffix === own.suffix
        ? [{ key: entry.key, version: entry.leaf?.sha256 ?? null, ...parts }]
        : [];
    })
    .sort((a, b) => a.order - b.order)
    .map(({ key: name, label, version }) => ({ key: name, label, version }));
}
