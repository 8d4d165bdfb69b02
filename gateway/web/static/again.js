// For browsers too old to read birdwire.js: a page that changes is fetched again, as it is where no scripts are run.
// Nothing here may be newer than the oldest of them. It is asked at the end of the wait, and not now, whether the other
// script runs: it may stand before or behind this one, or come late.
(function () {
  var place = document.querySelector("[data-again]");
  if (place) setTimeout(function () {
    if (!/ scripted /.test(" " + document.documentElement.className + " ")) location.reload();
  }, 1000 * place.getAttribute("data-again"));
})();
