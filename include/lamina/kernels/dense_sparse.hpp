// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>

#include "lamina/kernels/dense_product.hpp"
#include "lamina/kernels/layout.hpp"
#include "lamina/kernels/sparse.hpp"

namespace lamina::kernels {

/// Outputs, or inputs of the input's gradient, whose sums hide the latency of a multiply-add: of
/// multiples of them a sparse product leaves none to the dense one.
template <class Arch, class T>
inline constexpr int dense_slice = std::max(1, 8 / registers<Arch, T>) * lanes;

namespace detail {

/// A product with a batch whose values are mostly zero, up to four blocks of it: each image goes
/// through its own terms, the outputs in the lanes. Weights are brought into rows that stay in the
/// first cache while the images pass.
template <class Arch, class T>
class sparse_blocks {
 public:
  static constexpr int most_blocks = 4, most_terms = 1024;

  sparse_blocks(const dense_product<T>& product, range blocks)
      : product_{product}, blocks_{blocks}, images_{(blocks.last - blocks.first) * lanes} {}

  /// Whole strips of 16 outputs.
  void run(range outputs, const dense_ending<T>& end) {
    const int strips = (outputs.last - outputs.first) / lanes;
    const int slices = (strips + most_strips - 1) / most_strips;
    const int together = (strips + slices - 1) / slices * lanes;
    for_each_piece(product_, most_terms, outputs, together, [&](range some, range terms) {
      if (some.first == outputs.first) find_terms(terms);
      with_constant<most_strips>((some.last - some.first) / lanes, [&](auto count) {
        for (int image = 0; image < images_; ++image) ask_for_rows<count>(some, terms.first, image);
        begin_sums(some, terms);
        for (int k = terms.first; k < terms.last; k += terms_at_once)
          add_images<count>(some, k, terms);
        finish_sums(some);
      });
      end.after(terms, product_, blocks_, some);
    });
  }

 private:
  static constexpr int most_strips = std::min(8, held_strips<Arch, T>);  // rows fit the first cache
  static constexpr int wide = most_strips * lanes;

  const T* x(int image, int term) const {
    return product_.x.block(blocks_.first + image / lanes) + std::ptrdiff_t{term} * lanes;
  }
  T* y(int image, range outputs) const {
    return product_.y.block(blocks_.first + image / lanes) + std::ptrdiff_t{outputs.first} * lanes;
  }

  void find_terms(range terms) {
    for (int k = terms.first; k < terms.last; k += terms_at_once)
      for (int image = 0; image < images_; image += lanes)
        find_nonzero<Arch>(x(image, k), std::min(terms_at_once, terms.last - k),
                           terms_[(k - terms.first) / terms_at_once] + image);
  }

  /// From the biases, or the sums of the terms before.
  void begin_sums(range outputs, range terms) {
    const int count = outputs.last - outputs.first;
    if (terms.first > 0) {
      for (int image = 0; image < images_; image += lanes)
        transpose<Arch>(y(image, outputs), lanes, {count, lanes}, sums_[image], wide);
    } else if (product_.bias == nullptr) {
      for (int image = 0; image < images_; ++image) clear<Arch>(sums_[image], count);
    } else {
      for (int image = 0; image < images_; ++image)
        for_each_register<Arch, T>(
            count, [&](std::ptrdiff_t i) __attribute__((always_inline)) {
              put<Arch>(sums_[image] + i, load_unaligned<Arch>(product_.bias + outputs.first + i));
            });
    }
  }

  template <int Strips>
  void add_images(range outputs, int term, range terms) {
    bring_rows<Strips>(outputs, term, std::min(terms_at_once, terms.last - term));
    const term_bits* bits = terms_[(term - terms.first) / terms_at_once];
    const int next = term + terms_at_once < terms.last ? term + terms_at_once : term;
    for (int image = 0; image < images_; ++image) {
      ask_for_rows<Strips>(outputs, next, image);
      if (bits[image] == 0) continue;
      const features_and_rows<T> all{x(image, term) + image % lanes, rows_[0], wide};
      add_terms<Arch, Strips>(all, bits[image], sums_[image], true);
    }
  }

  /// The weights of some terms as rows of outputs.
  template <int Strips>
  void bring_rows(range outputs, int term, int terms) {
    const T* from = product_.weights_of(outputs.first, term).at;
    if (product_.by_term == 1) {
      transpose<Arch>(from, product_.by_output, {Strips * lanes, terms}, rows_[0], wide);
    } else {
      for (int k = 0; k < terms; ++k, from += product_.by_term)
        unroll<Strips * registers<Arch, T>>([&](int v) __attribute__((always_inline)) {
          put<Arch>(rows_[k] + v * width<Arch, T>, load_unaligned<Arch>(from + v * width<Arch, T>));
        });
    }
  }

  /// Asks for the weights of some terms, a part of them for each image.
  template <int Strips>
  void ask_for_rows(range outputs, int term, int image) {
    constexpr int line = 64 / static_cast<int>(sizeof(T));
    const bool as_rows = product_.by_term != 1;
    const int rows = as_rows ? terms_at_once : Strips * lanes;
    const int lines = (as_rows ? Strips * lanes : terms_at_once) / line;
    const std::ptrdiff_t row = as_rows ? product_.by_term : product_.by_output;
    const T* from = product_.weights_of(outputs.first, term).at;
    for (int i = image; i < rows; i += images_)
      for (int k = 0; k < lines; ++k) __builtin_prefetch(from + i * row + k * line);
  }

  void finish_sums(range outputs) {
    for (int image = 0; image < images_; image += lanes)
      transpose<Arch>(sums_[image], wide, {lanes, outputs.last - outputs.first}, y(image, outputs),
                      lanes);
  }

  const dense_product<T>& product_;
  range blocks_;
  int images_;
  alignas(64) T sums_[most_blocks * lanes][wide];  // (image, output)
  alignas(64) T rows_[terms_at_once][wide];        // (term, output)
  term_bits terms_[most_terms / terms_at_once][most_blocks * lanes];
};

/// The given outputs of the given blocks; those that do not fill a strip as if nothing were zero.
template <class Arch, class T>
[[gnu::noinline]] void dense_blocks_sparse(const dense_product<T>& p, range blocks, range outputs,
                                           dense_ending<T> end) {
  constexpr int most = sparse_blocks<Arch, T>::most_blocks;
  const int strips = outputs.first + (outputs.last - outputs.first) / lanes * lanes;
  for (int b = blocks.first; b < blocks.last; b += most)
    sparse_blocks<Arch, T>(p, {b, std::min(blocks.last, b + most)})
        .run({outputs.first, strips}, end);
  if (strips < outputs.last) dense_blocks<Arch, T>(p, blocks, {strips, outputs.last}, end);
}

/// Whether few enough of the values that go in are not zero, and a strip of outputs is wanted.
template <class Arch, class T>
bool goes_sparse(const dense_product<T>& p, range blocks, range outputs) {
  return outputs.last - outputs.first >= lanes && is_sparse<Arch>(p.x, blocks, p.terms);
}

}  // namespace detail

}  // namespace lamina::kernels
