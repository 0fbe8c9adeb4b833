// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>

#include <lamina/fusion/rules.hpp>
#include <lamina/plan/arena.hpp>

namespace lamina::detail {

/// What the plan has to know of a layer.
struct layer_facts {
  layer_kind kind = layer_kind::custom;
  std::ptrdiff_t in = 0;  // values of an image
  std::ptrdiff_t out = 0;
  std::ptrdiff_t workspace = 0;  // values of an image, kept from forward to backward
  bool transposes = false;       // backward needs the input transposed (dense)
};

/// Values of an image in a transposed copy of `n`: whole strips of 16.
constexpr std::ptrdiff_t transposed_values(std::ptrdiff_t n) { return (n + 15) / 16 * 16; }

/// Values of packed weights with so many taps between `in` and `out` channels, with room for a last
/// partial tile of up to 16 outputs.
constexpr std::ptrdiff_t packed_values(std::ptrdiff_t taps, int in, int out) {
  return transposed_values(taps * (out + 15) * in);
}

/// Fewest inputs, and fewest outputs, of a dense layer whose weights are turned round for
/// inference; with fewer no kernel reads them.
inline constexpr int least_turned = 64;

/// Values of the weights of a dense layer, turned round for inference: (in, out).
constexpr std::ptrdiff_t turned_values(int in, int out) {
  return in < least_turned || out < least_turned ? 0 : transposed_values(std::ptrdiff_t{in} * out);
}

/// The same, packed in tiles, which need not be as many outputs.
constexpr std::ptrdiff_t tiled_values(int in, int out) {
  constexpr int least_outputs = 10;
  return in < least_turned || out < least_outputs ? 0 : transposed_values(std::ptrdiff_t{in} * out);
}

/// One step: the layers `layers` turn value `input` into value `output`; a join adds `other`.
/// Value 0 is the input of the network; an operation that moves nothing has its input as output.
struct operation {
  group layers{};
  layer_kind kind = layer_kind::custom;  // of the first layer
  int input = 0;
  int output = 0;
  int other = 0;
  bool activates = false;  // ends in an activation
  bool pools = false;      // keeps what its pool takes, for the sums of its normalisation
};

/// A network as a straight line of operations and the values between them.
template <std::size_t Layers>
struct program {
  std::array<operation, Layers> operations{};
  int count = 0;
  std::array<std::ptrdiff_t, Layers + 1> value_size{};
  int values = 1;

  constexpr int result() const {
    return count == 0 ? 0 : operations[static_cast<std::size_t>(count - 1)].output;
  }
};

template <std::size_t Layers>
constexpr program<Layers> compile(const std::array<layer_facts, Layers>& facts,
                                  const grouping<Layers>& steps, std::ptrdiff_t input_size) {
  program<Layers> result{};
  result.value_size[0] = input_size;
  std::array<int, Layers + 1> open{};
  int depth = 0;
  int current = 0;
  for (int step = 0; step < steps.count; ++step) {
    operation next{};
    next.layers = steps.groups[static_cast<std::size_t>(step)];
    const auto& first = facts[static_cast<std::size_t>(next.layers.layer[0])];
    const auto last = next.layers.layer[static_cast<std::size_t>(next.layers.count - 1)];
    next.kind = first.kind;
    next.input = current;
    for (int i = 0; i < next.layers.count; ++i) {
      const int member = next.layers.layer[static_cast<std::size_t>(i)];
      const layer_kind kind = facts[static_cast<std::size_t>(member)].kind;
      if (kind == layer_kind::activation) next.activates = true;
      if (kind == layer_kind::max_pool && next.kind == layer_kind::product) next.pools = true;
    }
    if (next.kind == layer_kind::fork) {
      open[static_cast<std::size_t>(depth++)] = current;
    } else if (next.kind == layer_kind::join) {
      next.other = open[static_cast<std::size_t>(--depth)];
    }
    if (next.kind != layer_kind::fork && next.kind != layer_kind::flatten) {
      current = result.values++;
      result.value_size[static_cast<std::size_t>(current)] =
          facts[static_cast<std::size_t>(last)].out;
    }
    next.output = current;
    result.operations[static_cast<std::size_t>(result.count++)] = next;
  }
  return result;
}

/// Whether operation i is a dense layer, alone or with what was fused behind it.
template <std::size_t Layers>
constexpr bool is_dense(const program<Layers>& code, const std::array<layer_facts, Layers>& facts,
                        int i) {
  if (i < 0 || i >= code.count) return false;
  const auto first = code.operations[static_cast<std::size_t>(i)].layers.layer[0];
  return facts[static_cast<std::size_t>(first)].transposes;
}

/// Whether a dense layer leaves the gradient of its weights to the dense layer before it, which has
/// it computed beside its own work: a region of threads less.
template <std::size_t Layers>
constexpr bool leaves_weights(const program<Layers>& code,
                              const std::array<layer_facts, Layers>& facts, int i) {
  return is_dense(code, facts, i) && is_dense(code, facts, i - 1);
}

/// Whether nothing reads the output of operation i in its own way back: the activation right behind
/// its product is undone by the dense layer that comes next.
template <std::size_t Layers>
constexpr bool is_undone_by_the_next(const program<Layers>& code,
                                     const std::array<layer_facts, Layers>& facts, int i) {
  const operation& op = code.operations[static_cast<std::size_t>(i)];
  return op.kind == layer_kind::product && op.activates && op.layers.count == 2 &&
         is_dense(code, facts, i + 1);
}

/// Whether the input of the dense layer before operation i, the images, is transposed with its own.
template <std::size_t Layers>
constexpr bool transposes_before(const program<Layers>& code,
                                 const std::array<layer_facts, Layers>& facts, int i) {
  return leaves_weights(code, facts, i) &&
         code.operations[static_cast<std::size_t>(i - 1)].input == 0;
}

/// Whether the gradient of a dense layer's input is summed in two halves of its outputs: then each
/// of two threads reads the half of the weights that it alone reads forward and changes, which stay
/// in its caches. That is worth a buffer where the weights are many.
constexpr bool halves_input_gradient(const layer_facts& layer) {
  return layer.transposes && layer.in * layer.out >= 1 << 16;
}

/// The operation that opened the block that this join ends.
template <std::size_t Layers>
constexpr int fork_of(const program<Layers>& code, int join) {
  int depth = 0;
  for (int i = join; i >= 0; --i) {
    const auto kind = code.operations[static_cast<std::size_t>(i)].kind;
    if (kind == layer_kind::join) ++depth;
    if (kind == layer_kind::fork && --depth == 0) return i;
  }
  return 0;
}

/// Where the values, their gradients, the workspaces and the second halves of inputs' gradients
/// lie, in values of an image; a block of 16 images takes 16 times that.
template <std::size_t Layers>
struct memory_plan {
  std::array<std::ptrdiff_t, Layers + 1> value{};
  std::array<std::ptrdiff_t, Layers + 1> gradient{};
  std::array<std::ptrdiff_t, Layers + 1> workspace{};  // by operation
  std::array<std::ptrdiff_t, Layers + 1> half{};       // by operation
  std::ptrdiff_t peak = 0;
  std::ptrdiff_t without_reuse = 0;
};

constexpr void extend(lifetime& life, int time) {
  if (life.end < life.begin) life.begin = life.end = time;
  if (time < life.begin) life.begin = time;
  if (time > life.end) life.end = time;
}

/// When each buffer is alive. Operation i runs forward at time i and backward at time 2 n - i; the
/// loss stands between at n.
template <std::size_t Layers>
struct liveness {
  static constexpr std::size_t count = Layers + 1;
  std::array<lifetime, 4 * count> buffers{};

  constexpr lifetime& value(int index) { return buffers[static_cast<std::size_t>(index)]; }
  constexpr lifetime& gradient(int index) {
    return buffers[count + static_cast<std::size_t>(index)];
  }
  constexpr lifetime& workspace(int index) {
    return buffers[2 * count + static_cast<std::size_t>(index)];
  }

  constexpr lifetime& half(int index) {
    return buffers[3 * count + static_cast<std::size_t>(index)];
  }

  constexpr void forward(const program<Layers>& code) {
    for (int v = 0; v < code.values; ++v) {
      value(v).size = code.value_size[static_cast<std::size_t>(v)];
    }
    extend(value(0), 0);
    for (int i = 0; i < code.count; ++i) {
      const operation& op = code.operations[static_cast<std::size_t>(i)];
      extend(value(op.input), i);
      extend(value(op.output), i);
      if (op.kind == layer_kind::join) extend(value(op.other), i);
    }
    extend(value(code.result()), code.count);
  }

  constexpr void backward(const program<Layers>& code,
                          const std::array<layer_facts, Layers>& facts) {
    using enum layer_kind;
    const int loss = code.count;
    for (int v = 1; v < code.values; ++v) {
      gradient(v).size = code.value_size[static_cast<std::size_t>(v)];
    }
    extend(gradient(code.result()), loss);
    for (int i = code.count - 1; i >= 0; --i) {
      const operation& op = code.operations[static_cast<std::size_t>(i)];
      const auto& first = facts[static_cast<std::size_t>(op.layers.layer[0])];
      const int time = 2 * loss - i;
      const bool reads_input = op.kind == product || op.kind == normalisation ||
                               op.kind == max_pool || op.kind == custom;
      const bool reads_output = (op.activates && !is_undone_by_the_next(code, facts, i)) ||
                                op.kind == softmax || op.kind == custom;
      if (op.kind == softmax && i == loss - 1) {  // cross-entropy turns the logits into theirs
        extend(value(op.input), loss);
        extend(gradient(op.input), loss);
      }
      if (reads_input) extend(value(op.input), time);
      if (reads_output) extend(value(op.output), time);
      // a pool routes the gradient to where its normalisation began, wanted or not
      if (op.kind == normalisation && op.layers.count == 2) {
        gradient(op.input).size = code.value_size[static_cast<std::size_t>(op.input)];
      }
      extend(gradient(op.input), time);
      extend(gradient(op.output), time);
      if (op.kind == join) extend(gradient(op.output), 2 * loss - fork_of(code, i));
      workspace(i).size = first.transposes ? transposed_values(first.in)
                          : op.pools       ? code.value_size[static_cast<std::size_t>(op.output)]
                                           : first.workspace;
      if (op.input != 0 && halves_input_gradient(first)) {
        half(i).size = first.in;
        extend(half(i), time);
      }
      extend(workspace(i), time);
      if (!first.transposes) extend(workspace(i), i);
      if (leaves_weights(code, facts, i)) {
        extend(gradient(op.output), time + 1);
        extend(workspace(i), time + 1);
      }
      if (transposes_before(code, facts, i + 1)) extend(workspace(i), time - 1);
    }
  }
};

template <std::size_t Layers>
constexpr memory_plan<Layers> plan_memory(const program<Layers>& code,
                                          const std::array<layer_facts, Layers>& facts,
                                          bool training) {
  liveness<Layers> live{};
  live.forward(code);
  if (training) {
    live.backward(code, facts);
  } else {
    for (int i = 0; i < code.count; ++i) {
      const auto first = code.operations[static_cast<std::size_t>(i)].layers.layer[0];
      live.workspace(i).size = facts[static_cast<std::size_t>(first)].workspace;
      extend(live.workspace(i), i);
    }
  }
  const auto placed = place(live.buffers);
  memory_plan<Layers> result{};
  result.peak = placed.peak;
  result.without_reuse = placed.without_reuse;
  for (std::size_t i = 0; i <= Layers; ++i) {
    result.value[i] = placed.offset[i];
    result.gradient[i] = placed.offset[Layers + 1 + i];
    result.workspace[i] = placed.offset[2 * (Layers + 1) + i];
    result.half[i] = placed.offset[3 * (Layers + 1) + i];
  }
  return result;
}

}  // namespace lamina::detail
