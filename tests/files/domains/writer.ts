/** An app that writes in many small pieces, says so, and does not live to close its file. @module */

import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { enter } from "@hako/kernel/domain";

const domain = await enter();
if (domain.epoch === 1) {
  const fs = new FileSystemClient(domain.connect(FileSystem, "files"), domain.window("bytes"));
  const file = fs.openSync("/log", { write: true, create: true });
  for (let line = 0; line < 5000; line++) {
    file.writeSync(new TextEncoder().encode(`${String(line).padStart(6, "0")}\n`));
  }
  domain.report("written");
} else domain.report("again");
