// Opens a report.html from disk and uses it as a reader would. Arguments: the browser, the file.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { open, withBrowser } from "./browser.mjs";

const [executable, file] = process.argv.slice(2);
const url = pathToFileURL(file).href;
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };

const background = (page, selector) => page.evaluate((selector) => {
  const found = document.querySelector(selector);
  return getComputedStyle(found)[found instanceof SVGElement ? "fill" : "backgroundColor"];
}, selector);

async function looks(browser) {
  const seen = {};
  for (const colorScheme of ["light", "dark"]) {
    for (const viewport of [WIDE, NARROW]) {
      const { page, wrong, requests, close } = await open(browser, url, { colorScheme, viewport });
      assert.deepEqual(wrong, []);
      assert.deepEqual(requests, [url], "a page asks for nothing but itself");
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(over, 0, `${viewport.width} px: the page is too wide by ${over}`);
      const wide = await page.evaluate(() => [...document.querySelectorAll("figure svg")]
        .filter((svg) => svg.parentElement.getBoundingClientRect().width > innerWidth || svg.getBoundingClientRect().height < 40).length);
      assert.equal(wide, 0, "charts fit, or scroll in a box of their own");
      const small = await page.evaluate(() => [...document.querySelectorAll("figure svg")]
        .filter((svg) => svg.getBoundingClientRect().width < 600).length);
      assert.equal(small, 0, "charts are as large as their text needs");
      const over_marks = await page.evaluate(() => [...document.querySelectorAll("figure svg :not(.m)")]
        .filter((part) => getComputedStyle(part).pointerEvents !== "none").length);
      assert.equal(over_marks, 0, "nothing but marks is pointed at");
      seen[colorScheme] = await background(page, "body");
      assert.equal(await background(page, "figure svg > path"), seen[colorScheme], "charts stand on the page's ground");
      await close();
    }
  }
  assert.notEqual(seen.light, seen.dark);
}

async function structure(browser) {
  const { page, close } = await open(browser, url, { viewport: NARROW });
  const { twice, lost, files, marks, scrolled } = await page.evaluate(() => {
    const ids = [...document.querySelectorAll("[id]")].map((part) => part.id);
    const links = [...document.querySelectorAll("a[href]")].map((link) => link.getAttribute("href"));
    return {
      twice: ids.filter((id, at) => ids.indexOf(id) !== at),
      lost: links.filter((link) => link.startsWith("#") && !document.getElementById(link.slice(1))),
      files: links.filter((link) => !link.startsWith("#")),
      marks: [...document.querySelectorAll("figure svg")].map((svg) => svg.querySelectorAll(".m[tabindex='0']").length),
      scrolled: [...document.querySelectorAll(".t")].some((box) => box.scrollWidth > box.clientWidth),
    };
  });
  assert.deepEqual(twice, [], "names are unique");
  assert.deepEqual(lost, [], "links within the page lead somewhere");
  assert.deepEqual(files.filter((link) => !existsSync(join(dirname(file), link))), [], "files that are linked exist");
  assert.ok(files.some((link) => link.endsWith("results.json")), "the data are linked");
  assert.ok(marks.length > 0 && marks.every((count) => count === 1), "each chart is one stop of the tabulator");
  assert.ok(scrolled, "wide tables scroll in a box of their own");
  await close();
}

async function sorts(browser) {
  const { page, wrong, close } = await open(browser, url, { viewport: WIDE });
  const table = page.locator("article table").filter({ has: page.locator("thead", { hasText: "time" }) }).first();
  const head = table.locator("thead th").nth(1);
  const keys = () => table.locator("tbody td:nth-child(2)").evaluateAll((cells) => cells.map((cell) => Number(cell.dataset.k)));
  const before = await keys();
  const rising = [...before].sort((a, b) => a - b);
  assert.ok(before.length > 2 && before.every((key) => key > 0), `${before}`);
  assert.notDeepEqual(before, rising, "the table is not sorted from the start, so that sorting shows");
  for (const [order, expected] of [["ascending", rising], ["descending", [...rising].reverse()], ["none", before]]) {
    // By keyboard, which a mouse can do as well.
    await head.locator("button").press("Enter");
    assert.equal(await head.getAttribute("aria-sort"), order);
    assert.deepEqual(await keys(), expected, order);
  }
  await table.locator("thead th").first().locator("button").click();
  const names = await table.locator("tbody th").allInnerTexts();
  assert.deepEqual(names, [...names].sort((a, b) => a.localeCompare(b, "en", { numeric: true })));
  assert.deepEqual(wrong, []);
  await close();
}

async function values(browser) {
  for (const viewport of [WIDE, NARROW]) {
    const { page, wrong, close } = await open(browser, url, { viewport });
    const tip = page.locator("#tip");
    const marks = page.locator("figure svg").first().locator(".m");
    assert.ok(await tip.isHidden());
    const dot = page.locator("figure svg").first().locator("circle.m, path.m").last();
    await dot.scrollIntoViewIfNeeded();
    const box = await dot.boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    assert.ok(await tip.isVisible(), "a mark that is pointed at says its value");
    const labels = await marks.evaluateAll((all) => all.map((mark) => mark.getAttribute("aria-label")));
    assert.ok(labels.includes(await tip.innerText()), await tip.innerText());
    assert.ok(labels.some((label) => /\d/.test(label)), `${labels}`);
    const place = await tip.boundingBox();
    assert.ok(place.x >= 0 && place.x + place.width <= viewport.width, "it stays on the page");
    await page.mouse.move(1, 1);
    assert.ok(await tip.isHidden());
    // The tabulator reaches the chart, arrows its marks.
    for (let i = 0; i < 200 && !(await page.evaluate(() => document.activeElement.matches("figure svg .m"))); i++) {
      await page.keyboard.press("Tab");
    }
    const first = await tip.innerText();
    assert.ok(await tip.isVisible() && first.startsWith(labels[0]), `${first} shows ${labels[0]}`);
    await page.keyboard.press("ArrowRight");
    assert.ok((await tip.innerText()).startsWith(labels[1]));
    await page.keyboard.press("End");
    assert.ok((await tip.innerText()).startsWith(labels.at(-1)));
    await page.keyboard.press("Escape");
    assert.ok(await tip.isHidden());
    assert.deepEqual(wrong, []);
    await close();
  }
}

async function prints(browser) {
  const { page, wrong, close } = await open(browser, url, { viewport: WIDE, colorScheme: "dark" });
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.equal(await background(page, "body"), "rgb(255, 255, 255)", "paper is white");
  assert.ok(await page.locator("nav").isHidden());
  const folded = () => page.locator("details:not([open])").count();
  const before = await folded();
  const unseen = await page.evaluate(() => [...document.querySelectorAll("details:not([open])")]
    .filter((part) => !part.children[1].checkVisibility({ contentVisibilityAuto: true })
      || part.children[1].getBoundingClientRect().height === 0).length);
  assert.equal(unseen, 0, "without the script, too, folded parts are on paper");
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.equal(await folded(), 0, "nothing stays folded on paper");
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.equal(await folded(), before);
  const pdf = await page.pdf({ format: "A4" });
  assert.ok(pdf.subarray(0, 5).toString() === "%PDF-" && pdf.length > 20_000, `${pdf.length}`);
  assert.deepEqual(wrong, []);
  await close();
}

async function policy(browser) {
  const { page, close } = await open(browser, url, { viewport: WIDE });
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.foreign = true";
    document.body.append(script);
    document.body.setAttribute("style", "opacity: .5");
    return [window.foreign === true, getComputedStyle(document.body).opacity];
  });
  assert.deepEqual(ran, [false, "1"], "what the policy does not name neither runs nor shows");
  await close();
}

await withBrowser(executable, async (browser) => {
  for (const check of [looks, structure, sorts, values, prints, policy]) {
    await check(browser);
    console.log(`ok ${check.name}`);
  }
});
