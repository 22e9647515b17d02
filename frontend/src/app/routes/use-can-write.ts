// Whether the person may change things of a project. The server decides; this only hides what it would refuse.
import { useQuery } from "@tanstack/react-query";
import { projectQuery } from "@/api/projects";

export function useCanWrite(project: string): boolean {
  const found = useQuery({ ...projectQuery(project), enabled: project !== "" });
  return found.data !== undefined && found.data.role !== "viewer";
}
