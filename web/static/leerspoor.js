// Nothing here is needed: without it every page reads, and every form posts.

// A button that waits for the server says so, stays in place, and sends once.
const spoken = document.getElementById("busy");
let restore = [];

// Without a network nothing is sent, so that no page of the browser wipes what was written.
function sayOffline(form) {
  if (!form.querySelector(".geen-net")) {
    const said = document.createElement("p");
    said.className = "note let geen-net";
    said.setAttribute("role", "alert");
    said.textContent = document.documentElement.dataset.offline;
    form.append(said);
  }
}

addEventListener("online", () => document.querySelectorAll(".geen-net").forEach((said) => said.remove()));

document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  if (!navigator.onLine) {
    event.preventDefault();
    sayOffline(form);
    return;
  }
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const timer = setTimeout(() => {
    if (button) {
      const face = [...button.childNodes];
      button.style.minWidth = `${button.offsetWidth}px`;
      button.replaceChildren(document.documentElement.dataset.busy);
      button.setAttribute("aria-busy", "true");
      restore.push(() => {
        button.replaceChildren(...face);
        button.removeAttribute("aria-busy");
      });
    }
    spoken.textContent = document.documentElement.dataset.busy;
  }, 400);
  restore.push(() => {
    clearTimeout(timer);
    delete form.dataset.sent;
    spoken.textContent = "";
  });
});

// Back to a page that was left while it waited: its forms work again.
addEventListener("pageshow", (event) => {
  if (event.persisted) {
    restore.forEach((undo) => undo());
    restore = [];
  }
});

// A page about something that goes on looks again after a while (<noscript> reloads instead): at
// the address that the part itself gives, until that tells of nothing that goes on.
const follow = document.querySelector("[data-refresh]");

async function look() {
  const answer = await fetch(follow.dataset.from).catch(() => null);
  // What is wrong with the server only makes us look again later.
  const page = answer && answer.status < 500 && new DOMParser().parseFromString(await answer.text(), "text/html");
  const news = page && page.querySelector("[data-refresh]");
  if (page && !news) {
    location.reload();
    return;
  }
  if (news) {
    follow.dataset.from = news.dataset.from;
    follow.replaceChildren(...news.childNodes);
  }
  setTimeout(look, Number(follow.dataset.refresh) * 1000);
}

if (follow) {
  setTimeout(look, Number(follow.dataset.refresh) * 1000);
}

// A photo that was taken shows itself before it is sent.
document.addEventListener("change", ({ target }) => {
  const shown = target.type === "file" && target.parentElement.querySelector(".foto-proef");
  if (shown) {
    const photos = [...target.files].map((file) => {
      const photo = new Image();
      photo.src = URL.createObjectURL(file);
      photo.alt = file.name;
      photo.className = "foto";
      return photo;
    });
    shown.replaceChildren(...photos);
  }
});

// An answer for the LMS goes on by itself.
document.querySelector("form[data-send]")?.requestSubmit();

// Inside an LMS: report our height to the registered origin, so that the frame never scrolls.
const lms = document.documentElement.dataset.lms;
if (lms && window.parent !== window) {
  const send = () => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    window.parent.postMessage({ subject: "lti.frameResize", height }, lms);
  };
  new ResizeObserver(send).observe(document.body);
}
