// Requests to the rehearsal's server, and its events.

export class ApiError extends Error {}

async function answered(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(body.error ?? `${response.status} ${response.statusText}`);
  return body;
}

export async function get(path) {
  return answered(await fetch(`/app/${path}`));
}

export async function post(path, body) {
  const json = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return answered(await fetch(`/app/${path}`, json));
}

/** Post with files: every value but text goes as JSON text in its own part. */
export async function postFiles(path, body, files) {
  const form = new FormData();
  for (const [name, value] of Object.entries(body)) {
    if (value === undefined || value === null) continue;
    form.append(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  for (const file of files) form.append("file", file, file.name);
  return answered(await fetch(`/app/${path}`, { method: "POST", body: form }));
}

/** Follow the server's events for good; `onopen` is called again after each reconnection. */
export function follow(onevent, onopen, onlost) {
  let wait = 300;
  const connect = () => {
    const source = new EventSource("/app/events");
    source.onopen = () => { wait = 300; onopen(); };
    source.onmessage = (event) => onevent(JSON.parse(event.data));
    source.onerror = () => {
      source.close();
      onlost();
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, 5000);
    };
  };
  connect();
}
