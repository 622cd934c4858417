/**
 * Gives up the permission that its worker needed to load its modules: imported first, it is evaluated
 * when all of them are loaded and before any other.
 *
 * @module
 */

Deno.permissions.revokeSync({ name: "read" });
