/**
 * A client of the file system: works on files until the round is over, and finds each as it left it.
 *
 * @module
 */

import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { enter } from "@hako/kernel/domain";
import { randomFrom } from "../../../tools/scenarios/random.ts";
import { Board } from "../board.ts";
import { ClientWork } from "../client_work.ts";
import { FileWork } from "../../../tools/scenarios/domains/file_work.ts";

const domain = await enter();
const { board: buffer, seed } = domain.options as { board: SharedArrayBuffer; seed: number };
const board = new Board(buffer);
const fs = new FileSystemClient(domain.connect(FileSystem, "files"), domain.window("buffers"));
const files = new FileWork(fs, `/${domain.name}`, randomFrom(seed));
const work = new ClientWork(board, "files");

await work.untilOver(() => {
  work.timed(() => files.step());
  return 1;
});
await work.attempt(() => files.finish());
domain.finish({ ...work.result, files: files.model });
