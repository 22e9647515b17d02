// Whether the person may change things of a project. The server decides; this only hides what it would refuse.
import { useQuery } from "@tanstack/react-query";
import { projectQuery } from "@/api/projects";

export function useCanWrite(project: string): boolean {
  const found = useQuery({ ...projectQuery(project), enabled: project !== "" });
  return found.data !== undefined && found.data.role !== "viewer";
}

/** The same, where most may: shown until it is known that this person only looks, so that nothing jumps for others. */
export function useMayEdit(project: string): boolean {
  const found = useQuery({ ...projectQuery(project), enabled: project !== "" });
  return found.data?.role !== "viewer";
}
