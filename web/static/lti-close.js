// The LMS opened this page in a frame or a window, and closes it now (LTI Dynamic Registration 3.7).
// The message tells nothing, so it may go to whoever opened us.
(window.opener || window.parent).postMessage({ subject: "org.imsglobal.lti.close" }, "*");
