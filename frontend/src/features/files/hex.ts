// Bytes as rows of sixteen: place, hexadecimal, and the characters that can be read. Pure.

const PER_ROW = 16;

export function toHexRows(bytes: Uint8Array): string[] {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += PER_ROW) {
    const part = [...bytes.slice(at, at + PER_ROW)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
    rows.push(`${at.toString(16).padStart(6, "0")}  ${hex.padEnd(PER_ROW * 3 - 1)}  ${text}`);
  }
  return rows;
}
