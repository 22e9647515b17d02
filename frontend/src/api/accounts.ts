// Session, user and API tokens.
import { queryOptions } from "@tanstack/react-query";
import { request } from "./client";
import type { ApiToken, NewApiToken, Page, ServerConfig, User } from "./types";

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => request<User>("me", { signal }),
  staleTime: 300_000,
});
export const configQuery = queryOptions({
  queryKey: ["config"],
  queryFn: ({ signal }) => request<ServerConfig>("config", { signal }),
  staleTime: 300_000,
});
export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: ({ signal }) => request<Page<ApiToken>>("tokens", { signal }),
});

export const signIn = (body: { name: string; password: string }) =>
  request<User>("session", { method: "POST", body });
export const signInByLink = (token: string) =>
  request<User>("session/link", { method: "POST", body: { token } });
export const signOut = () => request<void>("session", { method: "DELETE" });
export const setPassword = (body: { current?: string; new: string }) =>
  request<void>("me/password", { method: "PUT", body });
export const createToken = (body: { name: string; expires_in_days?: number }) =>
  request<NewApiToken>("tokens", { method: "POST", body });
export const revokeToken = (tokenId: string) => request<void>(`tokens/${tokenId}`, { method: "DELETE" });
