// The browser that all checks use: the one that is installed, driven without downloads.
import { createRequire } from "node:module";

// Unlike `import`, `require` looks into NODE_PATH, where the package may be installed outside of this folder.
const { chromium } = createRequire(import.meta.url)("playwright-core");

/** Gives a browser to `check` and closes it. As root, Chromium has no sandbox of its own. */
export async function withBrowser(executablePath, check) {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-software-rasterizer"] });
  try {
    await check(browser);
  } finally {
    await browser.close();
  }
}

/** Opens a file and gathers what goes wrong: messages of the console, errors, and requests for anything else. */
export async function open(browser, url, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => wrong.push(`console ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  page.on("requestfailed", (request) => wrong.push(`failed: ${request.url()}`));
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(url);
  return { page, wrong, requests, close: () => context.close() };
}
