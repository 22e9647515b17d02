// Code as lines of coloured pieces; never as markup.
import bash from "highlight.js/lib/languages/bash";
import cpp from "highlight.js/lib/languages/cpp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import makefile from "highlight.js/lib/languages/makefile";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";

export interface Piece {
  text: string;
  className: string;
}

const lowlight = createLowlight({
  bash,
  cpp,
  css,
  diff,
  dockerfile,
  go,
  ini,
  java,
  javascript,
  json,
  makefile,
  markdown,
  python,
  r,
  rust,
  sql,
  typescript,
  xml,
  yaml,
});

type Node = ReturnType<typeof lowlight.highlight>["children"][number];

export function highlightLines(text: string, language: string): Piece[][] {
  const lines: Piece[][] = [[]];
  const put = (value: string, className: string) => {
    for (const [index, part] of value.split(/\r\n|\r|\n/).entries()) {
      if (index > 0) lines.push([]);
      if (part) lines.at(-1)?.push({ text: part, className });
    }
  };
  const walk = (nodes: readonly Node[], className: string) => {
    for (const node of nodes) {
      if (node.type === "text") put(node.value, className);
      else if (node.type === "element") {
        const names = node.properties.className;
        walk(node.children as Node[], Array.isArray(names) ? names.join(" ") : className);
      }
    }
  };
  walk(lowlight.highlight(language, text).children, "");
  return lines;
}
