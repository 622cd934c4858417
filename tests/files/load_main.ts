/**
 * The app whose calls are measured: files on Hako.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { Load } from "./load_protocol.ts";
import { openWork, type WorkName } from "./works.ts";

/** A client that lends whole files. */
class MappingClient extends FileSystemClient {
  mapSync(path: string): Uint8Array {
    const file = this.openSync(path);
    return file.mapSync(0, file.statSync().size).bytes;
  }
}

const domain = await enter();
const window = domain.window("files");
const client = new MappingClient(domain.connect(FileSystem, "files"), window);
const open = new Map<WorkName, (count: number) => void>();

domain.serve(Load, {
  run({ work: name, count }) {
    let work = open.get(name);
    if (work === undefined) {
      client.mkdirSync(`/${name}`);
      work = openWork(client, `/${name}`, name);
      open.set(name, work);
    }
    work(count);
    return count;
  },
});
