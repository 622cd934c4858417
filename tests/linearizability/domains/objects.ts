/**
 * The server of the objects, in a keep.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { handlersOn } from "../object_handlers.ts";
import { ObjectStore } from "../object_store.ts";
import { Objects } from "../objects_protocol.ts";

const domain = await enter();
const memory = domain.keep("objects").buffer as SharedArrayBuffer;
const store = new ObjectStore(memory, (name) => domain.point(name));

domain.serve(Objects, handlersOn((request, name) => store.answer(request, name)));
