import { parse, type Type } from 'protobufjs';

/** The messages of ONNX that a network of few operators needs. Field numbers are those of the standard. */
const MESSAGES = `
  syntax = "proto3";
  message ModelProto {
    int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7; repeated OperatorSetIdProto opset_import = 8;
  }
  message OperatorSetIdProto { string domain = 1; int64 version = 2; }
  message GraphProto {
    repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
    repeated AttributeProto attribute = 5;
  }
  message AttributeProto { string name = 1; int64 i = 3; bytes s = 4; repeated int64 ints = 8; int32 type = 20; }
  message TensorProto { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
  message ValueInfoProto { string name = 1; TypeProto type = 2; }
  message TypeProto { TensorTypeProto tensor_type = 1; }
  message TensorTypeProto { int32 elem_type = 1; TensorShapeProto shape = 2; }
  message TensorShapeProto { repeated DimensionProto dim = 1; }
  message DimensionProto { int64 dim_value = 1; string dim_param = 2; }
`;

/** The first versions with everything that is used here. Any runtime of the last years reads them. */
const IR_VERSION = 8;
const OPERATOR_SET = 17;

const FLOAT = 1;
const ATTRIBUTE_TYPE = { int: 2, string: 3, ints: 7 };

/** One operator of a network. */
export interface OnnxNode {
  operator: string;
  inputs: string[];
  output: string;
  attributes?: Record<string, number | string | readonly number[]>;
}

/** Weights, float32, row-major. */
export interface OnnxWeight {
  name: string;
  shape: readonly number[];
  values: Float32Array;
}

/** An input or output, float32. A name in its shape stands for any length. */
interface OnnxValue {
  name: string;
  shape: readonly (number | string)[];
}

/** A network from one input to one output. */
export interface OnnxGraph {
  nodes: OnnxNode[];
  weights: OnnxWeight[];
  input: OnnxValue;
  output: OnnxValue;
}

/**
 * @returns The network as the bytes of an `.onnx` file.
 * @see https://onnx.ai/onnx/intro/concepts.html and `onnx.proto` of that project.
 */
export function encodeOnnxModel({ nodes, weights, input, output }: OnnxGraph): Uint8Array {
  const model = parse(MESSAGES).root.lookupType('ModelProto');
  return encode(model, {
    irVersion: IR_VERSION,
    producerName: 'framewise',
    opsetImport: [{ domain: '', version: OPERATOR_SET }],
    graph: {
      name: 'encoder',
      node: nodes.map(({ operator, inputs, output, attributes = {} }) => ({
        name: output,
        opType: operator,
        input: inputs,
        output: [output],
        attribute: Object.entries(attributes).map(([name, value]) => ({ name, ...attributeOf(value) })),
      })),
      initializer: weights.map(({ name, shape, values }) => ({
        name,
        dims: shape,
        dataType: FLOAT,
        rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      })),
      input: [valueInfo(input)],
      output: [valueInfo(output)],
    },
  });
}

function encode(message: Type, content: Record<string, unknown>): Uint8Array {
  return message.encode(message.fromObject(content)).finish();
}

function attributeOf(value: number | string | readonly number[]): Record<string, unknown> {
  if (typeof value === 'number') return { type: ATTRIBUTE_TYPE.int, i: value };
  if (typeof value === 'string') return { type: ATTRIBUTE_TYPE.string, s: Buffer.from(value) };
  return { type: ATTRIBUTE_TYPE.ints, ints: value };
}

function valueInfo({ name, shape }: OnnxValue): Record<string, unknown> {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}
