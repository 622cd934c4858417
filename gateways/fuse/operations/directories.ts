/**
 * Operations that list directories: the file server packs names into the window, and they are packed
 * anew for Linux.
 *
 * @module
 */

import { ATTRIBUTE, LISTED_ENTRY, listedEntryBytes, listedPlusBytes } from "@hako/fs-server";
import type { Operation } from "../gateway.ts";
import { ARGS, READ_IN } from "../wire/mod.ts";

const HANDLE = ARGS + READ_IN.at.fh;
const OFFSET = ARGS + READ_IN.at.offset;
const SIZE = ARGS + READ_IN.at.size;

const views = new WeakMap<Uint8Array, DataView>();

function viewOf(bytes: Uint8Array): DataView {
  let view = views.get(bytes);
  if (view === undefined) {
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    views.set(bytes, view);
  }
  return view;
}

/** The names of a directory from a place on. */
export const readdir: Operation = (ask, { files, paths: { listing } }) => {
  const { request, packer } = ask;
  const handle = request.u32(HANDLE);
  const cookie = request.u64(OFFSET);
  const end = files.client.callSync("readdir", { handle, cookie, target: listing });
  const view = viewOf(listing);
  packer.begin(listing, request.u32(SIZE));
  for (let at = 0; at < end;) {
    const nameBytes = view.getUint8(at + LISTED_ENTRY.nameBytes);
    const wasPacked = packer.add(
      view.getUint32(at + LISTED_ENTRY.inode, true),
      view.getFloat64(at + LISTED_ENTRY.nextCookie, true),
      view.getUint8(at + LISTED_ENTRY.type),
      at + LISTED_ENTRY.name,
      nameBytes,
    );
    if (!wasPacked) break;
    at += listedEntryBytes(nameBytes);
  }
  return ask.reply.data(packer.byteLength);
};

/** The same, with what is told of each file. */
export const readdirPlus: Operation = (ask, { files, paths: { listing }, rules }) => {
  const { request, packer } = ask;
  const handle = request.u32(HANDLE);
  const cookie = request.u64(OFFSET);
  const end = files.client.callSync("readdirPlus", { handle, cookie, target: listing });
  const view = viewOf(listing);
  const place = { nameAt: 0, nameBytes: 0, attributesAt: 0 };
  packer.begin(listing, request.u32(SIZE));
  for (let at = 0; at < end;) {
    place.nameBytes = view.getUint8(at + LISTED_ENTRY.nameBytes);
    place.nameAt = at + LISTED_ENTRY.name;
    place.attributesAt = at + listedEntryBytes(place.nameBytes);
    const isKnown = view.getUint32(place.attributesAt + ATTRIBUTE.inode, true) !== 0;
    if (isKnown) rules.showOwner(view, place.attributesAt);
    const wasPacked = packer.addPlus(
      view.getUint32(at + LISTED_ENTRY.inode, true),
      view.getFloat64(at + LISTED_ENTRY.nextCookie, true),
      view.getUint8(at + LISTED_ENTRY.type),
      place,
      rules.valid,
    );
    if (!wasPacked) break;
    at += listedPlusBytes(place.nameBytes);
  }
  return ask.reply.data(packer.byteLength);
};
