// Renders an OpenAPI description and lets each operation be tried. Nothing is loaded from elsewhere, and texts of the
// description are only ever set as text.
"use strict";

const byId = (id) => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

// Replaces references by what they refer to, so deep that examples stay readable.
function resolve(root, schema, depth = 0) {
  if (schema === null || typeof schema !== "object" || depth > 12) return schema;
  if (Array.isArray(schema)) return schema.map((item) => resolve(root, item, depth + 1));
  if (typeof schema.$ref === "string") {
    const target = schema.$ref.replace(/^#\//, "").split("/").reduce((at, part) => at && at[part], root);
    return resolve(root, target, depth + 1);
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolve(root, value, depth + 1)]));
}

// A value that fits a schema, to begin with.
function example(schema, depth = 0) {
  if (!schema || depth > 12) return null;
  if (schema.example !== undefined) return schema.example;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const choice = schema.oneOf || schema.anyOf;
  if (choice) return example(choice.find((one) => one.type !== "null") || choice[0], depth + 1);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => example(part, depth + 1)));
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object") {
    const members = Object.entries(schema.properties || {});
    return Object.fromEntries(members.map(([key, value]) => [key, example(value, depth + 1)]));
  }
  if (type === "array") {
    if (schema.prefixItems) return schema.prefixItems.map((item) => example(item, depth + 1));
    return schema.items ? [example(schema.items, depth + 1)] : [];
  }
  if (type === "integer" || type === "number") return 0;
  if (type === "boolean") return false;
  return type === "string" ? "" : null;
}

function fieldFor(parameter) {
  const required = parameter.required ? "required" : "";
  const input = element("input", { "aria-label": parameter.name, placeholder: parameter.schema?.enum?.[0] });
  if (parameter.name === "project") input.value = byId("project").value;
  if (parameter.name === "function") input.value = byId("function").value;
  const row = element("tr", {},
    element("td", {}, element("code", { class: required }, parameter.name)),
    element("td", {}, parameter.in),
    element("td", {}, input),
    element("td", {}, parameter.description || ""));
  return { parameter, input, row };
}

function target(path, fields) {
  const query = new URLSearchParams();
  const headers = {};
  for (const { parameter, input } of fields) {
    if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (input.value === "") continue;
    else if (parameter.in === "query") query.append(parameter.name, input.value);
    else if (parameter.in === "header") headers[parameter.name] = input.value;
  }
  const text = query.toString();
  return { url: text ? `${path}?${text}` : path, headers };
}

async function send(method, path, fields, body, output) {
  output.hidden = false;
  output.textContent = "…";
  const { url, headers } = target(path, fields);
  const options = { method: method.toUpperCase(), headers };
  if (body && body.text.value !== "") {
    headers["content-type"] = body.type;
    options.body = body.text.value;
  }
  try {
    const response = await fetch(url, options);
    const head = [`${response.status} ${response.statusText}`];
    response.headers.forEach((value, name) => head.push(`${name}: ${value}`));
    let text = await response.text();
    try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: shown as it is */ }
    output.className = response.ok ? "" : "failed";
    output.textContent = `${head.join("\n")}\n\n${text}`;
  } catch (error) {
    output.className = "failed";
    output.textContent = String(error);
  }
}

function bodyOf(root, operation) {
  const content = operation.requestBody?.content;
  const type = content && Object.keys(content).find((name) => name.endsWith("json"));
  if (!type) return undefined;
  const value = example(resolve(root, content[type].schema));
  const text = element("textarea", { rows: 6, "aria-label": "body" });
  text.value = value === null ? "" : JSON.stringify(value, null, 2);
  return { type, text };
}

function answersOf(root, operation) {
  const rows = Object.entries(operation.responses || {}).map(([status, response]) => {
    const schema = Object.entries(response.content || {}).map(([type, media]) =>
      element("details", {}, element("summary", {}, type),
        element("div", {}, element("pre", {}, JSON.stringify(resolve(root, media.schema || {}), null, 2)))));
    return element("tr", {}, element("td", {}, status), element("td", {}, response.description || "", ...schema));
  });
  return element("table", {}, ...rows);
}

function operationOf(root, path, method, shared, operation) {
  const fields = [...shared, ...(operation.parameters || [])].map(fieldFor);
  const body = bodyOf(root, operation);
  const output = element("pre", { hidden: "" });
  const form = element("form", {},
    element("table", {}, ...fields.map((field) => field.row)),
    body && element("p", {}, body.type), body && body.text,
    element("p", {}, element("button", {}, "Send")), output);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(method, path, fields, body, output);
  });
  return element("details", {},
    element("summary", {}, element("span", { class: "method" }, method), element("code", {}, path),
      element("span", {}, operation.summary || "")),
    element("div", {}, element("p", {}, operation.description || ""), form,
      element("h3", {}, "Answers"), answersOf(root, operation)));
}

const METHODS = ["get", "put", "post", "patch", "delete"];

function render(root) {
  byId("title").textContent = `${root.info.title} ${root.info.version}`;
  byId("about").textContent = root.info.description || "";
  const groups = new Map();
  for (const [path, item] of Object.entries(root.paths || {})) {
    for (const method of METHODS.filter((name) => item[name])) {
      const operation = item[method];
      const group = (operation.tags || ["calls"])[0];
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(operationOf(root, path, method, item.parameters || [], operation));
    }
  }
  const sections = [...groups].map(([name, operations]) => element("section", {}, element("h2", {}, name), ...operations));
  byId("operations").replaceChildren(...sections);
}

async function load(url) {
  const response = await fetch(url);
  const document = await response.json();
  if (response.ok) render(document);
  else byId("operations").replaceChildren(element("p", { class: "failed" }, document.detail || response.statusText));
}

byId("load").addEventListener("submit", (event) => {
  event.preventDefault();
  const part = (id) => encodeURIComponent(byId(id).value);
  load(`/v1/projects/${part("project")}/functions/${part("function")}/openapi.json`);
});
byId("home").addEventListener("click", () => load("/openapi.json"));
load("/openapi.json");
