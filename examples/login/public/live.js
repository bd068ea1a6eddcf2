"use strict";

const FIRST_DELAY = 500;     // ms until the first attempt to connect again; each failure doubles it
const LONGEST_DELAY = 10000; // ms

const element = (id) => document.getElementById(id);
const port = document.currentScript.dataset.port;
let delay = FIRST_DELAY;
let socket;

element("say").onsubmit = (event) => {
  event.preventDefault();
  if (!socket || socket.readyState !== WebSocket.OPEN) return;
  socket.send(element("text").value);
  element("text").value = "";
};

connect();

async function connect() {
  element("state").textContent = "connecting";
  try {
    const answer = await fetch("/token");
    if (answer.status === 401) return location.assign("/login"); // the session has ended
    const { token } = await answer.json();
    socket = new WebSocket(`ws://${location.hostname}:${port}`);
    socket.onopen = () => socket.send(token); // the first message is the login
    socket.onmessage = (event) => show(JSON.parse(event.data));
    socket.onclose = again;
  } catch {
    again();
  }
}

function again() {
  element("state").textContent = "closed";
  setTimeout(connect, delay * (0.5 + Math.random() / 2));
  delay = Math.min(delay * 2, LONGEST_DELAY);
}

/** Shows what the server says. Texts are never taken as HTML. */
function show(message) {
  if (message.time) element("time").textContent = message.time;
  if (message.hello) {
    delay = FIRST_DELAY;
    element("state").textContent = `connected as ${message.hello}`;
  }
  if (message.text) {
    const item = document.createElement("li");
    item.textContent = `${message.user}: ${message.text}`;
    element("lines").append(item);
  }
}
