/** An app that locks one file and removes another that it has open, in its first life. @module */

import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { enter } from "@hako/kernel/domain";

const domain = await enter();
if (domain.epoch === 1) {
  const fs = new FileSystemClient(domain.connect(FileSystem, "files"), domain.window("bytes"));
  const how = { read: true, write: true, create: true };
  fs.openSync("/locked", how).lockSync(true);
  fs.openSync("/removed", how);
  fs.removeSync("/removed");
}
domain.report(domain.epoch);
