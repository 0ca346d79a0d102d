import { createElement, useEffect, useRef } from "react";
import env from "$/env.json";
import { getBackendURL } from "$/utils/state";

// Page and backend share one origin in production; in development they do not.
const backendUrl = (path) => getBackendURL(env.PING).origin + path;

/** A plain form whose answer comes from the backend, not from the page router. */
export function BackendForm({ path, children, className }) {
  const aim = (event) => {
    event.currentTarget.action = backendUrl(path);
  };
  return createElement(
    "form",
    { method: "post", action: path, onSubmit: aim, className },
    children,
  );
}

const BACKEND = "/auth/";
const TAKEN = "left-by";

const isLocalPath = (path) => {
  if (!/^\/(?![/\\])/.test(path)) return false;
  try {
    return new URL(path, window.location.origin).origin === window.location.origin;
  } catch {
    return false;
  }
};

/** Carries a one-time ticket to the backend, or leaves for another page of this site. */
export function Handoff({ ticket, leaveTo }) {
  const submitted = useRef("");
  useEffect(() => {
    if (!ticket || submitted.current === ticket) return;
    submitted.current = ticket;
    const form = document.createElement("form");
    const field = document.createElement("input");
    form.method = "post";
    form.action = backendUrl("/auth/session");
    form.hidden = true;
    field.type = "hidden";
    field.name = "ticket";
    field.value = ticket;
    form.append(field);
    document.body.append(form);
    form.submit();
    form.remove();
  }, [ticket]);
  useEffect(() => {
    if (!leaveTo || ticket || submitted.current || !isLocalPath(leaveTo)) return;
    if (leaveTo.startsWith(BACKEND)) {
      // A page that comes back, by Back or a reload, stays: each way out is taken once.
      if (sessionStorage.getItem(TAKEN) === leaveTo) return;
      sessionStorage.setItem(TAKEN, leaveTo);
      window.location.assign(backendUrl(leaveTo));
      return;
    }
    window.location.replace(leaveTo);
  }, [leaveTo, ticket]);
  return null;
}
