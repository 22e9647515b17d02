// Stands in for the package "hysnappy" (vite.config.ts): that one is WebAssembly, which the page's policy lets nobody
// compile, and which it compiles while it is loaded, so that no Parquet file could be shown at all.
import { snappyUncompress as unpack } from "hyparquet";

export const snappyUncompressor = () => (input: Uint8Array, outputLength: number) => {
  const output = new Uint8Array(outputLength);
  unpack(input, output);
  return output;
};
export const snappyUncompress = snappyUncompressor();
