import { toBinary, type DescFile, type DescMessage, type DescService } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** The files of the API's schema as reflection hands them out: each with all that it imports, itself first. */
export class SchemaIndex {
  readonly services: readonly string[];
  readonly #files = new Map<string, DescFile>();
  readonly #symbols = new Map<string, DescFile>();
  readonly #messages = new Set<string>();

  constructor(services: readonly DescService[]) {
    this.services = services.map((service) => service.typeName);
    for (const service of services) for (const file of withImports(service.file)) this.#addFile(file);
  }

  /** By name, such as "parley/v1/node.proto"; undefined for a file that is not part of the schema. */
  fileByName(name: string): Uint8Array[] | undefined {
    return serialized(this.#files.get(name));
  }

  /** The file that declares a service, method, message, field, enum or enum value of this full name. */
  fileOfSymbol(symbol: string): Uint8Array[] | undefined {
    return serialized(this.#symbols.get(symbol.replace(/^\./, "")));
  }

  isMessage(name: string): boolean {
    return this.#messages.has(name);
  }

  #addFile(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const service of file.services) {
      this.#symbols.set(service.typeName, file);
      for (const method of service.methods) this.#symbols.set(`${service.typeName}.${method.name}`, file);
    }
    for (const message of file.messages) this.#addMessage(message, file);
    for (const declared of file.enums) this.#addEnum(declared, file);
  }

  #addMessage(message: DescMessage, file: DescFile): void {
    this.#symbols.set(message.typeName, file);
    this.#messages.add(message.typeName);
    for (const member of [...message.fields, ...message.oneofs]) {
      this.#symbols.set(`${message.typeName}.${member.name}`, file);
    }
    for (const nested of message.nestedMessages) this.#addMessage(nested, file);
    for (const nested of message.nestedEnums) this.#addEnum(nested, file);
  }

  #addEnum(declared: DescFile["enums"][number], file: DescFile): void {
    this.#symbols.set(declared.typeName, file);
    // A value's full name stands beside its enum, not within it (descriptor.proto, EnumValueDescriptorProto).
    const scope = declared.typeName.slice(0, -declared.name.length);
    for (const value of declared.values) this.#symbols.set(scope + value.name, file);
  }
}

function serialized(file: DescFile | undefined): Uint8Array[] | undefined {
  return file && withImports(file).map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
}

/** The file and, after it, everything that it imports, each once and after all that import it. */
function withImports(file: DescFile): DescFile[] {
  const found = new Set<DescFile>();
  const visit = (next: DescFile): void => {
    if (found.has(next)) return;
    next.dependencies.forEach(visit);
    found.add(next);
  };
  visit(file);
  return [...found].reverse();
}
