import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { OperatorError } from "#base/operator-error.ts";
import type { FoundLab } from "#lab/lab-folder.ts";

/** What came of a command: its exit status, what it prints, and what went wrong. */
export interface ControlAnswer {
  readonly status: number;
  readonly output: string;
  readonly error: string;
}

/** Carries out a line that another terminal sent: "lab cut r1 r2". Never rejects. */
export type CarryOut = (line: string) => Promise<ControlAnswer>;

/** Takes commands from other terminals, through a socket in the lab's folder: a line in, a line of JSON out. */
export class ControlServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(folder: string, carryOut: CarryOut): Promise<ControlServer> {
    const server = createServer((socket) => serve(socket, carryOut));
    server.listen(join(folder, SOCKET));
    await once(server, "listening");
    // The lab does not stay up for who could ask something of it.
    server.unref();
    return new ControlServer(server);
  }

  close(): void {
    this.#server.close();
  }
}

/** Asks the keeper of a lab. Throws OperatorError when that does not answer. */
export async function askLab(lab: FoundLab, line: string): Promise<ControlAnswer> {
  const socket = connect(join(lab.folder, SOCKET));
  let text = "";
  try {
    socket.setEncoding("utf8").on("data", (data: string) => (text += data));
    socket.write(`${line}\n`);
    await once(socket, "end");
    return answerSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new OperatorError(
      `the lab ${lab.name} does not answer`,
      `is process ${lab.keeper.pid} still starting it, or ending it?`,
      { cause: error },
    );
  } finally {
    socket.destroy();
  }
}

function serve(socket: Socket, carryOut: CarryOut): void {
  let text = "";
  let isAsked = false;
  socket.on("error", () => {}); // whoever asked has gone
  socket.setEncoding("utf8").on("data", (data: string) => {
    text += data;
    const end = text.indexOf("\n");
    if (isAsked || end < 0) {
      if (text.length > LONGEST_LINE) socket.destroy();
      return;
    }
    isAsked = true;
    void carryOut(text.slice(0, end)).then((answer) => socket.end(`${JSON.stringify(answer)}\n`));
  });
}

const SOCKET = "lab.sock";
const LONGEST_LINE = 4_096;

const answerSchema = z.object({ status: z.int(), output: z.string(), error: z.string() });
