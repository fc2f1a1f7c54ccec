// Opens a document in both colour schemes: every picture loads the file of that scheme. Arguments: the browser, the file.
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { open, withBrowser } from "./browser.mjs";

const [executable, file] = process.argv.slice(2);

await withBrowser(executable, async (browser) => {
  for (const colorScheme of ["light", "dark"]) {
    const { page, wrong, close } = await open(browser, pathToFileURL(file).href, { colorScheme });
    await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
    const seen = await page.locator("picture img").evaluateAll((images) => images.map((image) => ({
      source: decodeURIComponent(image.currentSrc), named: image.getAttribute("src"), wide: image.naturalWidth, alt: image.alt,
    })));
    assert.ok(seen.length > 0, "there is a picture");
    for (const { source, named, wide, alt } of seen) {
      const wanted = colorScheme === "dark" ? named.replace(/\.svg$/, "-dark.svg") : named;
      assert.ok(source.endsWith(`/${wanted}`), `${colorScheme}: ${source} is shown, not ${wanted}`);
      assert.ok(wide > 0 && alt.length > 40, `${source}: ${wide} px, “${alt}”`);
    }
    assert.deepEqual(wrong, []);
    console.log(`ok ${colorScheme}: ${seen.length}`);
    await close();
  }
});
