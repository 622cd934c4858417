import { assertEquals, assertFalse } from "@std/assert";
import { escapeHtml, escapeJson } from "./escape_html.ts";

Deno.test("escapeHtml() leaves nothing that ends a text or a quoted attribute", () => {
  assertEquals(
    escapeHtml(`"><img src=x onerror='alert(1)'>&amp;`),
    "&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;amp;",
  );
});

Deno.test("escapeHtml() shows what cannot be shown as U+FFFD, and keeps lines", () => {
  const text = "a\0b\x1b[31m c\u202ed\ud800e\r\n\tf";
  assertEquals(escapeHtml(text), "a\ufffdb\ufffd[31m c\ufffdd\ufffde\ufffd\n\tf");
});

Deno.test("escapeJson() ends no script, begins no comment, and is the same value", () => {
  const value = { "</script>": ["<!--<script>", "\u2028", "]]>"] };
  const text = escapeJson(value);
  assertFalse(text.includes("<"));
  assertEquals(JSON.parse(text), value);
});
