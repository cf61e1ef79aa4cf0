"use strict";

const LOGIN = "login?next=docs";

async function read(path) {
  const answer = await fetch(path, { headers: { accept: "application/json" } });
  if (answer.status === 401) {
    location.replace(LOGIN);
    throw new Error("not logged in");
  }
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

function showSession(session) {
  if (session.expires_at === null) return;
  document.getElementById("who").textContent = session.name;
  document.getElementById("leave").addEventListener("click", async () => {
    await fetch("v1/session", { method: "DELETE" });
    location.replace(LOGIN);
  });
  document.getElementById("session").hidden = false;
}

async function show() {
  const [spec, session] = await Promise.all([read("openapi.json"), read("v1/session")]);
  spec.servers = [{ url: new URL(".", location.href).pathname, description: "this server" }]; // also below a path
  showSession(session);
  SwaggerUIBundle({ spec, dom_id: "#api", deepLinking: true, validatorUrl: null, tryItOutEnabled: false });
}

show().catch((error) => {
  document.getElementById("api").textContent = `The document could not be shown: ${error.message}`;
});
