import type { Stores } from "#host/store.ts";

/** Files of SQLite, and buckets of NATS; each is loaded when the first of it is opened. */
export function systemStores(): Stores {
  return {
    open: async (place, handlers) => {
      if (/^(nats|tls):\/\//.test(place))
        return await (await import("#system/nats-store.ts")).openNatsStore(place, handlers);
      return (await import("#system/sqlite-store.ts")).openSqliteStore(place, handlers);
    },
  };
}
