// A launch inside a frame: do our cookies stay here, and if not, does the platform's storage
// (1EdTech LTI Client Side postMessages, 0.1) know this browser? Else a new tab, where they do.

const start = document.getElementById("lti-start");
const newTab = document.getElementById("lti-new-tab");
const about = (start || newTab).dataset;
// Milliseconds, for a platform that never answers.
const PATIENCE = 2000;

function show(id) {
  for (const part of ["lti-busy", "lti-new-tab", "lti-opened"]) {
    document.getElementById(part).hidden = part !== id;
  }
}

function keepsCookies() {
  const probe = "__Secure-lti-probe=1";
  const where = "Path=/lti; Secure; SameSite=None; Partitioned";
  try {
    document.cookie = `${probe}; ${where}; Max-Age=60`;
    const isKept = document.cookie.includes(probe);
    document.cookie = `${probe}; ${where}; Max-Age=0`;
    return isKept;
  } catch {
    // A frame that may not even ask.
    return false;
  }
}

function storage() {
  const owner = window.parent === window ? window.opener : window.parent;
  try {
    return about.frame === "_parent" ? owner : owner.frames[about.frame];
  } catch {
    // Nobody around us, or no such frame.
    return null;
  }
}

function ask(subject, more) {
  return new Promise((resolve) => {
    const target = about.frame && storage();
    if (!target) {
      resolve(null);
      return;
    }
    const id = [...crypto.getRandomValues(new Uint32Array(4))].join("-");
    const timer = setTimeout(() => resolve(null), PATIENCE);
    addEventListener("message", ({ origin, data }) => {
      const isAnswer = data && data.subject === `${subject}.response` && data.message_id === id;
      if (origin === about.origin && isAnswer) {
        clearTimeout(timer);
        resolve(data.error ? null : data);
      }
    });
    target.postMessage({ subject, message_id: id, ...more }, about.origin);
  });
}

async function begin() {
  const stored = await ask("lti.put_data", { key: about.key, value: about.value });
  if (stored || keepsCookies()) {
    location.replace(about.next);
  } else {
    show("lti-new-tab");
    newTab.querySelector("a").addEventListener("click", () => setTimeout(show, 0, "lti-opened"));
  }
}

async function confirm() {
  const answer = await ask("lti.get_data", { key: about.key });
  const value = answer && typeof answer.value === "string" ? answer.value : "";
  newTab.elements.namedItem("value").value = value;
  if (!value || keepsCookies()) {
    newTab.submit();
  } else {
    newTab.target = "_blank";
    show("lti-new-tab");
    newTab.addEventListener("submit", () => setTimeout(show, 0, "lti-opened"));
  }
}

if (start) {
  begin();
} else {
  confirm();
}
