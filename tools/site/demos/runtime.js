/* Models in the page, by ONNX Runtime Web. Nothing is fetched: the runtime and the models come as scripts, base64 in a
   string, so that a page opened from disk can load them too. They load when the reader first comes to a demo. */
(() => {
  "use strict";

  const folder = document.currentScript.src.replace(/[^/]*$/, "");
  const loads = {},
    models = {};
  let runtime = null,
    last = Promise.resolve();
  dlguide.files = dlguide.files || {};
  dlguide.info = dlguide.info || {};

  /** Load a script of this folder once. */
  function load(name) {
    loads[name] =
      loads[name] ||
      new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = folder + name;
        script.onload = resolve;
        script.onerror = () => reject(new Error(dlguide.say("missing_file", { name })));
        document.head.append(script);
      });
    return loads[name];
  }

  /** The bytes of a base64 string, unpacked if they are a gzip file. */
  dlguide.bytes = async (text) => {
    const bytes = Uint8Array.from(atob(text), (symbol) => symbol.charCodeAt(0));
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };

  /** Load ONNX Runtime: one thread, because more need headers that a folder on disk cannot send. */
  async function startRuntime() {
    if (typeof WebAssembly !== "object") throw new Error(dlguide.say("no_wasm"));
    await Promise.all(["ort.wasm.min.js", "ort-wasm.js", "ort-glue.js"].map(load));
    const glue = URL.createObjectURL(new Blob([dlguide.glue], { type: "text/javascript" }));
    Object.assign(ort.env.wasm, {
      numThreads: 1,
      wasmBinary: await dlguide.bytes(dlguide.wasm),
      wasmPaths: { mjs: glue },
    });
    dlguide.wasm = dlguide.glue = null; // 5 MB that are not needed any more.
  }

  /** A model of a recipe with one file (`cnn_mnist`), or a part of one (`vae_mnist/decoder`). */
  dlguide.model = (part) => {
    models[part] = models[part] || makeModel(part);
    return models[part];
  };

  async function makeModel(part) {
    const [recipe, file = "model"] = part.split("/");
    runtime = runtime || startRuntime();
    await Promise.all([runtime, load(`models/${recipe}.js`)]);
    const bytes = await dlguide.bytes(dlguide.files[`${recipe}/${file}.onnx`]);
    const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    const call = (inputs) => inTurn(() => run(session, inputs));
    // For a model with one input: the numbers of its first output.
    const answer = async (data, shape) => (await call({ input_0: { data, shape } })).output_0.data;
    return { name: part, info: dlguide.info[recipe], inputs: session.inputMetadata, run: call, answer };
  }

  /** One call at a time: a session does not take a second one while it computes. */
  function inTurn(call) {
    last = last.then(call, call);
    return last;
  }

  const ARRAYS = { float32: Float32Array, int32: Int32Array, int64: BigInt64Array };

  /** Inputs and outputs are objects of `{data, shape}` by name; the data may be any array of numbers. */
  async function run(session, inputs) {
    const feeds = {};
    for (const { name, type } of session.inputMetadata) {
      const { data, shape } = inputs[name],
        array = ARRAYS[type];
      const values = data instanceof array ? data : array.from(data, type === "int64" ? BigInt : Number);
      feeds[name] = new ort.Tensor(type, values, shape);
    }
    const outputs = {};
    for (const [name, tensor] of Object.entries(await session.run(feeds))) {
      outputs[name] = { data: tensor.data, shape: [...tensor.dims] };
    }
    return outputs;
  }

  /** The outputs of a part for its inputs. */
  dlguide.run = async (part, inputs) => (await dlguide.model(part)).run(inputs);

  /** Build every demo of a kind. `build(demo)` fills `demo.box`
      and returns what is to be done when the models are there. */
  dlguide.demo = (kind, build) => dlguide.each(`.demo[data-demo="${kind}"]`, (div) => mount(div, build));

  function mount(div, build) {
    const recorded = document.createElement("div"),
      box = document.createElement("div");
    const status = document.createElement("p");
    recorded.append(...div.childNodes);
    status.className = "demo-status";
    status.setAttribute("role", "status");
    box.className = "demo-live";
    div.append(status, box, recorded);
    recorded.hidden = true; // It stays for a browser in which the models do not run.
    const demo = { div, box, models: div.dataset.models.split(/\s+/), tell: (text) => (status.textContent = text) };
    const parts = (div.dataset.parts || div.dataset.models).split(/\s+/);
    demo.tell(dlguide.say("waiting"));

    const fail = (error) => {
      box.hidden = true;
      recorded.hidden = false;
      div.dataset.state = "failed";
      demo.tell(dlguide.say("failed", { reason: error.message || error }));
    };
    let start = null;
    const begin = async () => {
      if (div.dataset.state) return;
      div.dataset.state = "loading";
      const megabytes = div.dataset.megabytes;
      demo.tell(megabytes ? dlguide.say("loading_size", { megabytes }) : dlguide.say("loading"));
      try {
        demo.parts = await Promise.all(parts.map(dlguide.model));
        demo.tell(dlguide.say("ready"));
        await start();
        div.dataset.state = "ready";
      } catch (error) {
        fail(error);
        throw error;
      }
    };
    try {
      start = build(demo);
    } catch (error) {
      fail(error);
      throw error;
    }
    for (const event of ["pointerdown", "focusin"]) div.addEventListener(event, begin, { once: true });
    new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && begin()).observe(div);
  }
})();
