// Markdown without raw HTML. Pictures come from the same track only: opening a file must not tell anyone.
import { Typography } from "@mantine/core";
import Markdown from "react-markdown";
import remarkGfm from "remark-gfm";
import { fileUrl } from "@/api/files";
import { parentOf } from "@/lib/tree";

interface Props {
  text: string;
  trackId?: string;
  /** The file that the text is; pictures are named from its folder. */
  fileKey?: string;
}

/** The key of a picture that is named from a folder; null when it leads elsewhere. */
export function pictureKey(folder: string, source: string | undefined): string | null {
  if (!source || /^[a-z][a-z0-9+.-]*:|^\/\/|^[#?]/i.test(source)) return null;
  const parts = source.startsWith("/") ? [] : folder.split("/").filter(Boolean);
  for (const part of source.split(/[?#]/)[0]?.split("/") ?? []) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(decoded(part));
  }
  return parts.length > 0 ? parts.join("/") : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// Loaded lazily, and React.lazy asks for a default export.
export default function MarkdownPreview({ text, trackId, fileKey = "" }: Props) {
  return (
    <Typography className="card" p="lg">
      <Markdown
        remarkPlugins={[remarkGfm]}
        components={{
          img: ({ src, alt }) => {
            const key = pictureKey(parentOf(fileKey), typeof src === "string" ? src : undefined);
            if (!key || !trackId) return <em>{alt}</em>;
            return <img src={fileUrl(trackId, key)} alt={alt ?? key} style={{ maxWidth: "100%" }} />;
          },
          a: ({ href, children }) => (
            <a href={href} target="_blank" rel="noreferrer noopener" style={{ textDecoration: "underline" }}>
              {children}
            </a>
          ),
        }}
      >
        {text}
      </Markdown>
    </Typography>
  );
}
