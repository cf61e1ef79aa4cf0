"use strict";

/** Where to go afterwards: a page of this server, whatever the address says. */
function next() {
  const home = new URL(".", location.href);
  const wanted = new URL(new URLSearchParams(location.search).get("next") ?? "", home);
  return wanted.origin === location.origin ? wanted.href : home.href;
}

function explain(answer) {
  if (answer.status === 401) return "This key is not valid.";
  if (answer.status === 429) return `Too many tries. Try again in ${answer.headers.get("retry-after")} seconds.`;
  return `The server could not log you in (${answer.status}).`;
}

async function logIn(event) {
  event.preventDefault();
  const problem = document.getElementById("problem");
  const enter = document.getElementById("enter");
  problem.textContent = "";
  enter.disabled = true;
  try {
    const answer = await fetch("v1/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key: document.getElementById("key").value }),
    });
    if (answer.status === 204) location.replace(next());
    else problem.textContent = explain(answer);
  } catch {
    problem.textContent = "The server could not be reached.";
  } finally {
    enter.disabled = false;
  }
}

/** A link from another site comes without the cookie of a session that may be there: the server says `session=maybe`. */
async function goOnWithSession() {
  if (new URLSearchParams(location.search).get("session") !== "maybe") return;
  try {
    if ((await fetch("v1/session")).ok) location.replace(next());
  } catch {
    /* the form stays */
  }
}

document.getElementById("form").addEventListener("submit", logIn);
goOnWithSession();
