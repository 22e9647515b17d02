// Markdown without raw HTML. Pictures of other sites are not fetched: opening a file must not tell anyone.
import { Typography } from "@mantine/core";
import Markdown from "react-markdown";
import remarkGfm from "remark-gfm";

// Loaded lazily, and React.lazy asks for a default export.
export default function MarkdownPreview({ text }: { text: string }) {
  return (
    <Typography className="card" p="lg">
      <Markdown remarkPlugins={[remarkGfm]} components={{ img: ({ alt }) => <em>{alt}</em> }}>
        {text}
      </Markdown>
    </Typography>
  );
}
