// A bookmark's link moves the player that is on the page; without this module it loads the page at that moment.

for (const link of document.querySelectorAll("a[data-seek]")) {
  link.addEventListener("click", (event) => {
    const video = document.querySelector("#player video");
    if (!video) return;
    event.preventDefault();
    video.currentTime = Number(link.dataset.seek);
    document.getElementById("player").scrollIntoView({ block: "nearest" });
    video.focus();
  });
}
