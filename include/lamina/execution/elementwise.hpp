// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstring>

#include <lamina/execution/activations.hpp>
#include <lamina/execution/frame.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/kernels/activation.hpp>
#include <lamina/kernels/dropout.hpp>
#include <lamina/kernels/softmax.hpp>
#include <lamina/random.hpp>

namespace lamina::execution {

/// The keys of the 16 images of a block for the dropout layer with this index.
template <class T>
std::array<std::uint32_t, lanes> dropout_keys(const frame<T>& batch, int block, int layer) {
  std::array<std::uint32_t, lanes> keys{};
  for (int lane = 0; lane < lanes; ++lane) {
    const int image = block * lanes + lane;
    if (image >= batch.images) break;
    const std::uint32_t sample =
        batch.samples == nullptr ? static_cast<std::uint32_t>(image) : batch.samples[image];
    keys[static_cast<std::size_t>(lane)] =
        dropout_key(batch.seed, batch.drawn_for, sample, static_cast<std::uint64_t>(layer));
  }
  return keys;
}

/// Drops features [first, last) of one block, from x to y, which begin with feature 0; its own
/// backward.
template <class Arch, class T>
void drop(const frame<T>& batch, int block, int layer, double rate, range features, const T* x,
          T* y) {
  const auto keys = dropout_keys(batch, block, layer);
  const std::ptrdiff_t begin = std::ptrdiff_t{lanes} * features.first;
  kernels::dropout<Arch>(kernels::dropout_mask{rate, keys.data()}, features.first, features.last,
                         x + begin, y + begin);
}

/// A step that treats each block by itself and has no parameters: `Derived` says how, forward and
/// backward, for one block.
template <class Derived, class Blueprint, int Index, class T>
struct blockwise_step : step_place<Blueprint, Index, T> {
  using place = step_place<Blueprint, Index, T>;

  static void prepare(const frame<T>&) {}

  static void forward_blocks(const frame<T>& batch, range blocks) {
    for (int block = blocks.first; block < blocks.last; ++block) {
      Derived::forward_block(batch, block);
    }
  }

  static void forward(const frame<T>& batch) {
    run_pieces(batch.blocks(), [&](int block) { Derived::forward_block(batch, block); });
  }

  static void backward(const frame<T>& batch, const gradient_sink<T>&) {
    if constexpr (place::wants_input_gradient) {
      run_pieces(batch.blocks(), [&](int block) { Derived::backward_block(batch, block); });
    }
  }
};

template <class Blueprint, int Index, class T, class Arch>
struct activation_step
    : blockwise_step<activation_step<Blueprint, Index, T, Arch>, Blueprint, Index, T> {
  using place = step_place<Blueprint, Index, T>;
  static constexpr auto function = activation_of(typename place::template layer<0>{});
  static constexpr std::ptrdiff_t count = std::ptrdiff_t{lanes} * place::in.size();

  static void forward_block(const frame<T>& batch, int block) {
    const T* x = place::input(batch).block(block);
    kernels::activation_forward<Arch>(x, place::output(batch).block(block), count, function);
  }

  static void backward_block(const frame<T>& batch, int block) {
    const T* y = place::output(batch).block(block);
    const T* dy = place::output_gradient(batch).block(block);
    kernels::activation_backward<Arch>(y, dy, place::input_gradient(batch).block(block), count,
                                       function);
  }
};

template <class Blueprint, int Index, class T, class Arch>
struct dropout_step : blockwise_step<dropout_step<Blueprint, Index, T, Arch>, Blueprint, Index, T> {
  using place = step_place<Blueprint, Index, T>;
  static constexpr int size = place::in.size();

  static void pass(const frame<T>& batch, int block, const T* from, T* to) {
    if (batch.training) {
      drop<Arch>(batch, block, place::template layer_index<0>, place::template layer<0>::rate,
                 {0, size}, from, to);
    } else {
      std::memcpy(to, from, sizeof(T) * lanes * static_cast<std::size_t>(size));
    }
  }

  static void forward_block(const frame<T>& batch, int block) {
    pass(batch, block, place::input(batch).block(block), place::output(batch).block(block));
  }

  static void backward_block(const frame<T>& batch, int block) {
    pass(batch, block, place::output_gradient(batch).block(block),
         place::input_gradient(batch).block(block));
  }
};

template <class Blueprint, int Index, class T, class Arch>
struct softmax_step : blockwise_step<softmax_step<Blueprint, Index, T, Arch>, Blueprint, Index, T> {
  using place = step_place<Blueprint, Index, T>;
  static constexpr int size = place::in.size();

  static void forward_block(const frame<T>& batch, int block) {
    const T* x = place::input(batch).block(block);
    kernels::softmax_forward<Arch>(size, x, place::output(batch).block(block));
  }

  static void backward_block(const frame<T>& batch, int block) {
    const T* y = place::output(batch).block(block);
    const T* dy = place::output_gradient(batch).block(block);
    kernels::softmax_backward<Arch>(size, y, dy, place::input_gradient(batch).block(block));
  }
};

/// The end of a residual block: y = f(x) + x. Backward, f takes the gradient as it is, and the fork
/// adds it to what came back through f.
template <class Blueprint, int Index, class T, class Arch>
struct join_step : blockwise_step<join_step<Blueprint, Index, T, Arch>, Blueprint, Index, T> {
  using place = step_place<Blueprint, Index, T>;
  static constexpr std::ptrdiff_t count = std::ptrdiff_t{lanes} * place::in.size();

  static void forward_block(const frame<T>& batch, int block) {
    const T* f = place::input(batch).block(block);
    const T* x = place::other(batch).block(block);
    kernels::add<Arch>(f, x, place::output(batch).block(block), count);
  }

  static void backward_block(const frame<T>& batch, int block) {
    std::memcpy(place::input_gradient(batch).block(block),
                place::output_gradient(batch).block(block),
                sizeof(T) * static_cast<std::size_t>(count));
  }
};

template <class Blueprint, int Index, class T, class Arch>
struct fork_step : blockwise_step<fork_step<Blueprint, Index, T, Arch>, Blueprint, Index, T> {
  using place = step_place<Blueprint, Index, T>;
  static constexpr std::ptrdiff_t count = std::ptrdiff_t{lanes} * place::in.size();

  /// The value that the block's join produced.
  static constexpr int joined = [] {
    int depth = 0;
    for (int i = Index; i < Blueprint::code.count; ++i) {
      const auto& other = Blueprint::code.operations[static_cast<std::size_t>(i)];
      if (other.kind == layer_kind::fork) ++depth;
      if (other.kind == layer_kind::join && --depth == 0) return other.output;
    }
    return 0;
  }();

  static void forward_block(const frame<T>&, int) {}

  static void backward_block(const frame<T>& batch, int block) {
    T* dx = place::input_gradient(batch).block(block);
    const T* dy = batch.at(Blueprint::memory.gradient[joined]).block(block);
    kernels::add<Arch>(static_cast<const T*>(dx), dy, dx, count);
  }
};

/// Moves nothing: its output is its input.
template <class Blueprint, int Index, class T, class Arch>
struct flatten_step {
  static void prepare(const frame<T>&) {}
  static void forward_blocks(const frame<T>&, range) {}
  static void forward(const frame<T>&) {}
  static void backward(const frame<T>&, const gradient_sink<T>&) {}
};

}  // namespace lamina::execution
