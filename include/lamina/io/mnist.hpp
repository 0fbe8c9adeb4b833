// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/data/examples.hpp>

#include <string>

/// The handwritten digits of LeCun, Cortes and Burges, 28 x 28, 60,000 to train and 10,000 to test.
/// Part of the compiled library lamina::io.
namespace lamina::mnist {

/// Reads `mnist/{train,t10k}-{images-idx3,labels-idx1}-ubyte`, plain or `.gz`, in the data folder
/// (see io::data_folder). Throws lamina::error, one line.
labelled_data load(const std::string& data_folder = {});

}  // namespace lamina::mnist
