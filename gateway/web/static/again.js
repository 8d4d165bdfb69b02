// For browsers too old to read birdwire.js: a page that changes is fetched again, as it is where no scripts are run.
// Nothing here may be newer than the oldest of them.
(function () {
  var place = document.querySelector("[data-again]");
  if (!place || / scripted /.test(" " + document.documentElement.className + " ")) return;
  setTimeout(function () { location.reload(); }, 1000 * place.getAttribute("data-again"));
})();
