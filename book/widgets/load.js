/* Draws the 3D views of one page with the files of this folder only: no CDN, and it works from file://.
 *
 * Everything starts after the window's "load" event, when the theme's own scripts have run: they look for an
 * AMD loader and would register with require.js if it were there earlier.
 */
(function () {
  "use strict";
  const folder = document.currentScript.src.replace(/[^/]*$/, "");

  function addScript(file, onload) {
    const script = document.createElement("script");
    script.src = folder + file;
    script.onload = onload || null;
    script.onerror = () => console.error("3D views: cannot load " + script.src);
    // html-manager would fetch a missing widget package from a CDN; this keeps it in this folder.
    script.setAttribute("data-jupyter-widgets-cdn", folder);
    document.head.appendChild(script);
  }

  // nglview finds its own folder through the script elements of the page. From file:// it ends at the first
  // one, which the theme writes inline, without a source. A script of an unknown type is never fetched or run.
  function showNglviewItsFolder() {
    const marker = document.createElement("script");
    marker.type = "text/plain";
    marker.src = folder + "nglview-js-widgets.js";
    document.head.insertBefore(marker, document.head.firstChild);
  }

  window.addEventListener("load", function () {
    showNglviewItsFolder();
    addScript("require.js", function () {
      window.requirejs.config({ baseUrl: folder, waitSeconds: 0 });
      addScript("embed-amd.js");
    });
  });
})();
