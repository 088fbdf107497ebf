/**
 * Checksums of what a setup downloads, for the releases that framewise is tested with. A changed download is refused. Other
 * releases, and the CUDA libraries that TensorFlow requires, are downloaded without a check of our own.
 */

/** SHA-512 of npm archives, as npm writes it, by package and version. */
export const ARCHIVE_INTEGRITY: Readonly<Record<string, string>> = {
  '@tensorflow/tfjs-node@4.22.0':
    'sha512-uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w==',
  'google-protobuf@3.21.4':
    'sha512-MnG7N936zcKTco4Jd2PX2U96Kf9PxygAPKBug+74LHzmHXmceN16MmRcdgZv+DGef/S9YvQAfRsNCn4cjf9yyQ==',
  'node-api-headers@1.9.0':
    'sha512-2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA==',
};

/** SHA-256 of the wheels for Python 3.11 on Linux, hexadecimal, by requirement. */
export const WHEEL_SHA256: Readonly<Record<string, readonly string[]>> = {
  'tensorflow-cpu==2.21.0': ['2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c'],
  'tensorflow==2.21.0': [
    '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
    '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
  ],
};
