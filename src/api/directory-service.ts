import { Code, type ServiceImpl } from "@connectrpc/connect";
import { directoryMessage, resultsMessage } from "#api/convert-directory.ts";
import type { AskDirectoryRequest, DirectoryService } from "#api/gen/parley/v1/directory_pb.ts";
import { refusing } from "#api/refusal.ts";
import type { NodeControl } from "#services/control.ts";
import type { DirectoryApi } from "#services/directory-api.ts";

/** parley.v1.DirectoryService over the directory service that runs at the time of the call. */
export function directoryService(control: NodeControl): ServiceImpl<typeof DirectoryService> {
  const running = () => refusing(Code.Unavailable, () => control.api("directory") as DirectoryApi);
  const asking = (name: "join" | "refill" | "leave" | "list" | "reset") => {
    return async ({ url }: AskDirectoryRequest) => {
      const api = await running();
      return resultsMessage(await refusing(Code.FailedPrecondition, () => api[name](url)));
    };
  };
  return {
    async getDirectory() {
      return directoryMessage(await running());
    },
    join: asking("join"),
    refill: asking("refill"),
    leave: asking("leave"),
    list: asking("list"),
    reset: asking("reset"),
  };
}
