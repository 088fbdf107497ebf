/** An attribute of a node in protobuf's JSON form: 64-bit integers and bytes (base64) are strings. */
interface Attribute {
  s?: string;
  i?: string | number;
  f?: number;
  b?: boolean;
  type?: string | number;
  shape?: { unknownRank?: boolean; dim?: { size: string | number }[] };
  list?: Partial<Record<'s' | 'i' | 'f' | 'b' | 'type' | 'shape', unknown[]>>;
  tensor?: { dtype: string; shape: readonly number[]; content: Uint8Array };
}

/** A node of a graph: its operation and its inputs. */
export interface GraphNode {
  name: string;
  op: string;
  /** `name`, `name:output`, or `^name` for a node that only has to run first. */
  input?: string[];
  attr?: Record<string, Attribute>;
}

/** The tag of the models written here. Loading asks for it. */
export const SAVED_MODEL_TAG = 'serve';

/** Version of the graph format, from early 2022. Every TensorFlow that framewise can run on reads it. */
const PRODUCER = 1087;

const DATA_TYPES: Record<string, number> = { DT_FLOAT: 1, DT_INT32: 3, DT_BOOL: 10 };

/**
 * Formats a graph as the file `saved_model.pb` of a SavedModel, which TensorFlow loads as a session. It needs only five kinds of
 * protobuf messages, so they are written here by their field numbers, without a protobuf library.
 *
 * @throws {Error} If the kind or data type of an attribute is unknown.
 * @see tensorflow/core/protobuf/{saved_model,meta_graph}.proto, tensorflow/core/framework/{graph,node_def,attr_value}.proto.
 */
export function formatSavedModel(nodes: readonly GraphNode[]): Buffer {
  const graph = [...nodes.map((node) => bytes(1, ...formatNode(node))), bytes(4, integer(1, PRODUCER))];
  const metaGraph = [bytes(1, bytes(4, text(SAVED_MODEL_TAG))), bytes(2, ...graph)];
  return Buffer.concat([integer(1, 1), bytes(2, ...metaGraph)]);
}

function formatNode({ name, op, input = [], attr = {} }: GraphNode): Buffer[] {
  const attributes = Object.entries(attr).map(([key, value]) =>
    bytes(5, bytes(1, text(key)), bytes(2, formatAttribute(key, value))),
  );
  return [
    bytes(1, text(name)),
    bytes(2, text(op)),
    ...input.map((each) => bytes(3, text(each))),
    ...attributes,
  ];
}

function formatAttribute(name: string, { list, tensor, ...scalar }: Attribute): Buffer {
  if (tensor) {
    const { dtype, shape, content } = tensor;
    const dim = shape.map((size) => ({ size }));
    return bytes(8, integer(1, dataType(dtype)), bytes(2, formatShape({ dim })), bytes(4, content));
  }
  const [kind, value] = (Object.entries(scalar) as [string, unknown][])[0] ?? [];
  if (list)
    return bytes(
      1,
      ...Object.entries(list).flatMap(([of, each]) => each.map((one) => formatScalar(of, one))),
    );
  if (kind === undefined) throw new Error(`the attribute "${name}" has no value`);
  return formatScalar(kind, value);
}

/** Formats one value. Single attributes and lists use the same field numbers. */
function formatScalar(kind: string, value: unknown): Buffer {
  switch (kind) {
    case 's':
      return bytes(2, Buffer.from(value as string, 'base64'));
    case 'i':
      return integer(3, value as string);
    case 'f':
      return float(4, value as number);
    case 'b':
      return integer(5, value ? 1 : 0);
    case 'type':
      return integer(6, dataType(value as string));
    case 'shape':
      return bytes(7, formatShape(value as NonNullable<Attribute['shape']>));
    default:
      throw new Error(`an attribute is of the kind "${kind}"`);
  }
}

function formatShape({ unknownRank, dim = [] }: NonNullable<Attribute['shape']>): Buffer {
  if (unknownRank) return integer(3, 1);
  return Buffer.concat(dim.map(({ size }) => bytes(2, integer(1, size))));
}

function dataType(name: string | number): number {
  const number = typeof name === 'number' ? name : DATA_TYPES[name];
  if (number === undefined) throw new Error(`the data type "${name}"`);
  return number;
}

const text = (value: string): Buffer => Buffer.from(value);

function bytes(field: number, ...parts: Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([varint(field * 8 + 2), varint(length), ...parts]);
}

function integer(field: number, value: number | string): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function float(field: number, value: number): Buffer {
  const encoded = Buffer.alloc(4);
  encoded.writeFloatLE(value);
  return Buffer.concat([varint(field * 8 + 5), encoded]);
}

/** Formats an integer as a varint: seven bits per byte, lowest first. Negative numbers have 64 bits. */
function varint(value: number | string): Buffer {
  const encoded: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) encoded.push(Number(rest & 127n) | 128);
  return Buffer.from([...encoded, Number(rest)]);
}
